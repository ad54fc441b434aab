"""The command ``speed`` with measurements that are made up."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bundle.evidence.speed import command
from bundle.evidence.speed.measures import MEASURES, Measure, measure_of
from bundle.shared.markdown import table
from scripts.errors import InputError

ROWS = [{"way": "ours", "time": "1 s"}, {"way": "theirs"}]


def result(met: bool) -> dict[str, Any]:
    return {"title": "Time", "rows": ROWS, "note": "Two ways.", "floor": "fast", "met": met}


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs the command with the given words, measuring what is met and what is not."""
    measures: dict[str, Measure] = {"good": lambda _: result(True), "bad": lambda _: result(False)}
    monkeypatch.setattr(command, "MEASURES", {"volume": dict.fromkeys(measures, "")})
    monkeypatch.setattr(command, "measure_of", lambda what, name: measures[name])

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        return command.run(parser.parse_args(["volume", "--out", str(tmp_path), *words]))

    return run


@pytest.mark.parametrize(("met", "verdict"), [(True, "met"), (False, "NOT MET")])
def test_text(met: bool, verdict: str) -> None:
    assert command.as_text(result(met) | {"seconds": 1.5}).splitlines() == [
        "Time",
        "",
        *table(ROWS),
        "",
        "Two ways.",
        f"Floor: fast: {verdict} (1.5 s)",
    ]


def test_without_a_floor_there_is_no_verdict() -> None:
    open_ended = {name: value for name, value in result(True).items() if name not in ("floor", "met")}
    assert command.as_text(open_ended | {"seconds": 1.5}).splitlines()[-1] == "No floor (1.5 s)"


def test_measurement_of_something_else(measure: Callable[..., int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "MEASURES", {"training": {"step": ""}, "volume": {"good": "", "bad": ""}})
    with pytest.raises(InputError, match="--only step: measured of volume are good, bad"):
        measure("--only", "step")


def test_a_floor_that_is_not_met_is_a_failure(measure: Callable[..., int]) -> None:
    assert measure() == 1


def test_measurements_can_be_picked(measure: Callable[..., int], tmp_path: Path) -> None:
    assert measure("--only", "good") == 0
    assert "bad" not in json.loads((tmp_path / "volume.json").read_text())


def test_results_are_written(measure: Callable[..., int], tmp_path: Path) -> None:
    measure("--quick")
    written = json.loads((tmp_path / "volume.json").read_text())
    assert written["quick"] is True
    assert "torch" in written["machine"]
    assert [written[name].pop("seconds") >= 0 for name in ("good", "bad")] == [True, True]
    assert (written["good"], written["bad"]) == (result(True), result(False))


def test_no_working_files_are_left(measure: Callable[..., int], tmp_path: Path) -> None:
    measure()
    assert [path.name for path in tmp_path.iterdir()] == ["volume.json"]


@pytest.mark.parametrize(("what", "name"), [(what, name) for what, names in MEASURES.items() for name in names])
def test_measurements_are_where_they_are_said_to_be(what: str, name: str) -> None:
    assert callable(measure_of(what, name))
