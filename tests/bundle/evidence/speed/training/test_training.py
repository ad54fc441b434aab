"""Measurements of training, made small."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.timing import Timing
from bundle.evidence.speed.training import step, waiting, workflow
from scripts.errors import InputError


@pytest.fixture(autouse=True)
def small_phantom(phantom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "PHANTOM", phantom)


def test_step(tmp_path: Path) -> None:
    result = step.measure(Conditions(tmp_path, quick=True))
    assert [row["way"] for row in result["rows"]][:2] == [step.TEXTBOOK, step.SAME]
    assert "2 patches of 64 x 64" in result["title"]
    assert result["rows"][0]["times as fast"] == "1.00"


@pytest.mark.parametrize(("seconds", "met"), [(0.3, True), (0.6, False)])
def test_step_floor(seconds: float, met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def timings(ways: dict[str, object], repeats: int) -> dict[str, Timing]:
        return {name: Timing((1.0 if number == 0 else seconds,) * repeats) for number, name in enumerate(ways)}

    monkeypatch.setattr(step, "time_in_turn", timings)
    monkeypatch.setattr(step, "_step", lambda *_: None)  # nobody takes them
    result = step.measure(Conditions(tmp_path, quick=True))
    assert result["rows"][1]["times as fast"] == f"{1 / seconds:.2f}"
    assert result["met"] is met


def test_waiting(tmp_path: Path) -> None:
    result = waiting.measure(Conditions(tmp_path, quick=True))
    assert [row["worker processes"] for row in result["rows"]] == [0, 1, 2]
    for row in result["rows"]:
        lost, augmenting, rest = (
            float(row[name].split()[0]) for name in ("waiting", "augmenting", "the rest of the steps")
        )
        assert augmenting > 0
        share = (lost + augmenting) / (lost + augmenting + rest)
        assert row["share"] == pytest.approx(share, abs=0.1)  # of rounded seconds


@pytest.mark.parametrize(("share", "met"), [(0.049, True), (0.05, False)])
def test_waiting_floor(share: float, met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts is the default, 0 workers, though the others wait for longer."""
    monkeypatch.setattr(waiting, "_row", lambda folder, workers, *_: {"share": 0.5 if workers else share})
    assert waiting.measure(Conditions(tmp_path, quick=True))["met"] is met


def test_no_phantom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "PHANTOM", tmp_path)
    with pytest.raises(InputError, match="python -m bundle phantom"):
        workflow.training(tmp_path)
