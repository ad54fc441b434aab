"""Measurements of training, made small."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.bench.training import step, waiting, workflow
from scripts.errors import InputError


@pytest.fixture(autouse=True)
def small_phantom(phantom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "PHANTOM", phantom)


def test_step(tmp_path: Path) -> None:
    result = step.measure(tmp_path, quick=True)
    assert [row["way"] for row in result["rows"]][:2] == [step.TEXTBOOK, step.SAME]
    assert result["title"].endswith("2 patches of 64 x 64")
    assert result["met"] is (float(result["rows"][1]["times as fast"]) >= step.FLOOR)


def test_waiting(tmp_path: Path) -> None:
    result = waiting.measure(tmp_path, quick=True)
    assert [row["worker processes"] for row in result["rows"]] == [0, 1, 2]
    for row in result["rows"]:
        lost, used = (float(row[name].split()[0]) for name in ("waiting", "computing"))
        assert row["share"] == pytest.approx(lost / (lost + used), abs=0.1)  # of rounded seconds
    assert result["met"] is (result["rows"][0]["share"] < waiting.FLOOR)


def test_no_phantom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "PHANTOM", tmp_path)
    with pytest.raises(InputError, match="python -m bundle phantom"):
        workflow.training(tmp_path)
