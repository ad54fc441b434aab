"""Tests of running a bundle's Python from the app."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from bundle.monailabel.app.lib.refusal import Refusal
from bundle.monailabel.app.lib.workflow import run_python, seconds_of


def refused(folder: Path, code: str) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        run_python(folder, ["-c", code])
    return refusal.value


def test_it_finds_the_bundle_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever MONAI Label left in the environment; what it says is in the log."""
    for name in ("ours", "other"):
        (tmp_path / name / "scripts").mkdir(parents=True)
        (tmp_path / name / "scripts" / "__init__.py").write_text(f"NAME = {name!r}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "other"))
    (tmp_path / "run.py").write_text("import scripts; print('bundle', scripts.NAME)")
    with caplog.at_level(logging.INFO):
        run_python(tmp_path / "ours", [str(tmp_path / "run.py")])
    assert [record.message for record in caplog.records] == ["bundle ours"]


def test_a_mistake_keeps_its_sentence(tmp_path: Path) -> None:
    refusal = refused(tmp_path, "import sys; print('begun'); sys.exit('error: scan.tif is empty: export it again.')")
    assert (str(refusal), refusal.status) == ("scan.tif is empty: export it again.", 400)


def test_other_ends_are_the_servers_fault(tmp_path: Path) -> None:
    refusal = refused(tmp_path, "1 / 0")
    assert "ZeroDivisionError" in str(refusal)
    assert refusal.status == 500
    refusal = refused(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "signal 9" in str(refusal)
    assert refusal.status == 500
    refusal = refused(tmp_path, "raise SystemExit(3)")
    assert "status 3" in str(refusal)
    assert refusal.status == 500


def test_a_process_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """One that is hung by a hostile file, and says nothing."""
    begun = time.monotonic()
    with pytest.raises(Refusal, match=r"longer than the 0\.01 minutes.* --conf staining_minutes") as refusal:
        run_python(tmp_path, ["-c", "import time; time.sleep(60)"], limit=0.6)
    assert refusal.value.status == 504
    assert time.monotonic() - begun < 30


def test_a_limit_does_not_touch_what_ends_in_time(tmp_path: Path) -> None:
    run_python(tmp_path, ["-c", "pass"], limit=60)
    with pytest.raises(Refusal, match="too dark"):
        run_python(tmp_path, ["-c", "raise SystemExit('error: too dark')"], limit=60)


def test_minutes_are_seconds() -> None:
    assert seconds_of("30") == 1800
    assert seconds_of("0.5") == 30
    for text in ("0", "-1", "nan", "inf", "an hour", ""):
        with pytest.raises(Refusal, match="staining_minutes"):
            seconds_of(text)
