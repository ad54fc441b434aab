"""Runs that are killed and runs of several processes, with processes that only write a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume import restart

WRITES = "import pathlib, sys; out = pathlib.Path(sys.argv[1]); out.mkdir(); (out / 'scan.tif').write_bytes(b'%s')"


def replace_command(monkeypatch: pytest.MonkeyPatch, alone: bytes, shared: bytes) -> None:
    """Let runs write `alone` if they are of at most one process, `shared` if they are of more."""

    def command(kind: str, options: Mapping[str, Any], processes: int) -> list[str]:
        content = shared if processes > 1 else alone
        return [sys.executable, "-c", WRITES % content.decode(), str(options["output_dir"])]

    monkeypatch.setattr(restart, "workflow_command", command)
    monkeypatch.setattr(restart, "SHAPE", (2, 8, 8))


@pytest.mark.parametrize(("shared", "met"), [(b"same", True), (b"other", False)])
def test_processes(shared: bytes, met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_command(monkeypatch, b"same", shared)
    result = restart.measure_processes(Conditions(tmp_path, quick=True))
    assert result["met"] is met
    assert [row["processes"] for row in result["rows"]] == [1, 2]


def test_a_run_is_killed_some_time_after_its_folder_appeared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import pathlib, sys, time; pathlib.Path(sys.argv[1], 'a_stain.partial', 'slabs').mkdir(parents=True); "
    code += "time.sleep(60)"
    monkeypatch.setattr(
        restart, "workflow_command", lambda _, options, processes: [sys.executable, "-c", code, options["output_dir"]]
    )
    status, seconds = restart._run_until(tmp_path / "scan", tmp_path / "out", 0.2)
    assert status == -9
    assert 0.2 <= seconds < 30


# takes its time the first time; what it writes when it is called again is the placeholder's
RESUMES = """
import pathlib, shutil, sys, time
out = pathlib.Path(sys.argv[1])
unfinished = out / "a_stain.partial"
again = unfinished.exists()
(unfinished / "slabs").mkdir(parents=True, exist_ok=True)
time.sleep(0 if again else 1)
shutil.rmtree(unfinished)
(out / "scan.tif").write_bytes(b"%s" if again else b"same")
"""


@pytest.mark.parametrize(("resumed", "met"), [("same", True), ("other", False)])
def test_kills(resumed: str, met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "SHAPE", (2, 8, 8))
    code = RESUMES % resumed
    monkeypatch.setattr(
        restart, "workflow_command", lambda _, options, processes: [sys.executable, "-c", code, options["output_dir"]]
    )
    result = restart.measure_kills(Conditions(tmp_path, quick=True))
    assert result["met"] is met
    assert [row["same bytes"] for row in result["rows"]] == [met] * 3  # each was killed, and called again
    assert {row["outputs in place"] for row in result["rows"]} == {0}


def test_runs_that_are_over_too_soon_to_be_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_command(monkeypatch, b"same", b"same")
    with pytest.raises(RuntimeError, match="only 0 of 9 runs were still at work"):
        restart.measure_kills(Conditions(tmp_path, quick=True))


def test_a_failed_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "SHAPE", (2, 8, 8))
    monkeypatch.setattr(restart, "workflow_command", lambda *_, **__: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(RuntimeError, match="a run of 1 processes ended with status 3"):
        restart.measure_processes(Conditions(tmp_path, quick=True))
