"""The table of false alarms and named changes, on a small phantom."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.cli import main


def test_worse_scans_are_named(phantom: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["fit", str(phantom), "--checkpoint", str(tiny_checkpoint)]
    assert main([*words, "--of", str(phantom), "--split", "training"]) == 0
    said = capsys.readouterr().out
    assert "false alarms: 0 of 1 plain scans" in said
    for change in ("noise 0.1 added", "blur 4 added", "binning 3, size known", "voxel size missing"):
        assert f"| {change} | 1 of 1 |" in said


def test_weights_that_do_not_know_are_refused(
    phantom: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(phantom), "--checkpoint", str(tiny_checkpoint)]) != 0
    assert "--of" in capsys.readouterr().err
