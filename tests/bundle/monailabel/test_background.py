"""Tests of the end of background processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[3]
TRAINING = """
import subprocess, sys, time
from pathlib import Path
from bundle.monailabel.app.lib.background import end_with_parent

end_with_parent(Path(sys.argv[1]))
workflow = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
print(workflow.pid, flush=True)
time.sleep(120)
"""
SERVER = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', *sys.argv[1:]]).returncode)"


def test_a_training_does_not_outlive_its_server(tmp_path: Path) -> None:
    """Server, training and workflow are three processes, of which the first one is killed."""
    (tmp_path / "uploads").mkdir()
    command = [sys.executable, "-c", SERVER, TRAINING, str(tmp_path / "uploads")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        workflow = psutil.Process(int(server.stdout.readline()))
        training = workflow.parent()
        assert training is not None
        assert training.ppid() == server.pid
        server.kill()
    assert psutil.wait_procs([training, workflow], timeout=60)[1] == []
    assert not (tmp_path / "uploads").exists()


def test_a_training_goes_on_while_its_server_runs(tmp_path: Path) -> None:
    code = TRAINING.replace("time.sleep(120)", "time.sleep(1.5)")  # longer than between two looks
    begun = time.monotonic()
    assert subprocess.run([sys.executable, "-c", SERVER, code, str(tmp_path)], cwd=ROOT, check=False).returncode == 0
    assert time.monotonic() - begun > 1.5
    assert tmp_path.is_dir()
