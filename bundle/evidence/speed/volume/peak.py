"""What a run of inference takes of memory beyond libraries and model, measured in a process of its own.

python -m bundle.evidence.speed.volume.peak '[{"input": TINY, "output_dir": ...}, {"input": ..., "output_dir": ...}]'
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bundle.shared.places import ROOT
from bundle.shared.workflow import make_workflow, run_workflow
from scripts.memory import give_back_freed_memory


def peak_in_another_process(first: dict[str, Any], options: dict[str, Any]) -> int:
    """Bytes that a run took at most beyond what libraries and model take, in a new process.

    Args:
        first: options of a run over a tiny volume, which loads the libraries.
        options: those of the run that is measured.
    """
    done = subprocess.run(
        [sys.executable, "-m", "bundle.evidence.speed.volume.peak", json.dumps([first, options], default=str)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure what the command line says and print the bytes."""
    first, options = json.loads(sys.argv[1])
    run_workflow("inference", first)  # libraries are loaded, and set themselves up, when they are first used
    workflow = make_workflow("inference", options)
    workflow.parser.get_parsed_content("network")
    gc.collect()
    give_back_freed_memory()  # of the first run; the second would seem to take less
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    workflow.run()
    workflow.finalize()
    print(_status("VmHWM") - before)


def _status(name: str) -> int:
    """An entry of Linux's account of this process, in bytes."""
    found = re.search(rf"^{name}:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    main()
