"""Tests of running a bundle's Python from the app."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from bundle.monailabel.app.lib.refusal import Refusal
from bundle.monailabel.app.lib.workflow import run_python


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
    assert "ZeroDivisionError" in str(refusal) and refusal.status == 500
    refusal = refused(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert "signal 9" in str(refusal) and refusal.status == 500
    refusal = refused(tmp_path, "raise SystemExit(3)")
    assert "status 3" in str(refusal) and refusal.status == 500
