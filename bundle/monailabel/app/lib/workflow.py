"""Running a bundle's workflow in a process of its own.

So its pixels are those of the command line, two bundles whose packages are both called ``scripts`` do not meet, and
the server outlives a workflow that runs out of memory.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from .refusal import Refusal

logger = logging.getLogger(__name__)

KEPT = 20  # last lines, to find the error in


def run_workflow(bundle: Path, name: str, words: Sequence[str]) -> None:
    """Run a workflow of a bundle as ``python -m monai.bundle run`` does.

    Args:
        bundle: its folder.
        name: "inference" or "training".
        words: options of the command line.

    Raises:
        Refusal: see `run_python`.
    """
    config = {"inference": "configs/inference.yaml", "training": "configs/train.yaml"}[name]
    run_python(bundle, ["-m", "monai.bundle", "run", name, "--config_file", config, *words])


def run_python(bundle: Path, arguments: Sequence[str]) -> None:
    """Run Python in a bundle's folder, whose ``scripts`` it finds; what it says goes to the log.

    Raises:
        Refusal: it ended with an error. The bundle's own sentence about a mistake has status 400, all else 500.
    """
    environment = {**os.environ, "PYTHONPATH": str(bundle)}  # MONAI Label puts the app and other bundles there
    said: deque[str] = deque(maxlen=KEPT)
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=bundle,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.strip():
                    said.append(line.strip())
                    logger.info(line.rstrip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise _refusal(process.returncode, list(said))


def _refusal(status: int, said: Sequence[str]) -> Refusal:
    for line in reversed(said):
        if line.startswith("error: "):
            return Refusal(line.removeprefix("error: "))
    if status < 0:
        return Refusal(f"The workflow was ended by signal {-status}, perhaps for want of memory.", 500)
    last = said[-1] if said else f"status {status}"
    return Refusal(f"The workflow failed ({last}): the server's log has more.", 500)
