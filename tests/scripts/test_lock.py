"""A folder is held by one process at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scripts.lock import OPEN_FILES_MOVE, lock_folder
from tests.conftest import ROOT

HOLD = "import sys, time; from pathlib import Path; from scripts.lock import lock_folder; "
HOLD += "held = lock_folder(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"


@pytest.mark.skipif(not OPEN_FILES_MOVE, reason="Windows opens no folders, and lock_folder then locks nothing")
def test_locked_by_another_process_until_that_is_killed(tmp_path: Path) -> None:
    # -c with the folder on the path imports the module alone, not the whole package
    code = HOLD.replace("from scripts.lock", "from lock")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError):
            lock_folder(tmp_path)
        other.kill()
        other.wait()
    descriptor = lock_folder(tmp_path)
    assert descriptor is not None
    os.close(descriptor)


@pytest.mark.skipif(not OPEN_FILES_MOVE, reason="Windows opens no folders, and lock_folder then locks nothing")
def test_a_file_system_without_locks_stops_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int, **_: Any) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("scripts.lock.lock_descriptor", refuse)
    assert lock_folder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
