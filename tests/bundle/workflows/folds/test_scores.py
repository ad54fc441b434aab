"""Means and spreads, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle.workflows.folds.scores import line_of, lines_of, mean_and_spread, read_scores, rows_of, summary
from scripts.handlers.metrics_csv import PER_IMAGE, write_metrics_csv


def fold(number: int, scores: dict[str, dict[str, float]], lookup_table: float) -> dict[str, Any]:
    together = {"psnr": sum(each["psnr"] for each in scores.values()) / len(scores)}
    return {
        "fold": number,
        "held_out": list(scores),
        "pairs": len(scores),
        "scores": together,
        "specimens": scores,
        "lookup_table": {"psnr": lookup_table},
    }


FOLDS = [
    fold(1, {"a": {"psnr": 20.0}, "b": {"psnr": 22.0}}, 15.0),
    fold(2, {"c": {"psnr": 24.0}}, 17.0),
]


def test_read_from_an_evaluation(tmp_path: Path) -> None:
    """Specimen a has two slices, of which one has no foreground."""
    values = {"psnr": [20.0, 30.0, 40.0], "ssim_foreground": [0.5, float("nan"), 0.7], "none": [float("nan")] * 3}
    write_metrics_csv(tmp_path, ["1.tif", "2.tif", "3.tif"], ["a", "a", "b"], values)
    together, specimens = read_scores(tmp_path / PER_IMAGE)
    assert together == {"psnr": 30.0, "ssim_foreground": pytest.approx(0.6)}
    assert specimens == {"a": {"psnr": 25.0, "ssim_foreground": 0.5}, "b": {"psnr": 40.0, "ssim_foreground": 0.7}}


def test_mean_and_spread() -> None:
    """Of 21 and 24: mean 22.5, deviation 3 / sqrt(2). Of 20, 22 and 24: mean 22, deviation 2."""
    found = summary(FOLDS)
    assert found["between_folds"]["psnr"] == {"mean": 22.5, "sd": pytest.approx(3 / 2**0.5), "n": 2}
    assert found["between_specimens"]["psnr"] == {"mean": 22.0, "sd": pytest.approx(2.0), "n": 3}
    assert found["lookup_table_between_folds"]["psnr"]["mean"] == 16.0
    partly = mean_and_spread([{"lpips": 0.5}, {}, {"psnr": 20.0}])
    assert partly == {"lpips": {"mean": 0.5, "sd": None, "n": 1}, "psnr": {"mean": 20.0, "sd": None, "n": 1}}


def test_table_and_lines() -> None:
    rows = rows_of(FOLDS, summary(FOLDS))
    assert [(row["of"], row["name"], row["psnr"]) for row in rows] == [
        ("fold", 1, 21.0),
        ("fold", 2, 24.0),
        ("specimen", "a", 20.0),
        ("specimen", "b", 22.0),
        ("specimen", "c", 24.0),
        ("lookup table", 1, 15.0),
        ("lookup table", 2, 17.0),
        ("mean between folds", "", 22.5),
        ("sd between folds", "", pytest.approx(2.1213, abs=1e-4)),
        ("mean between specimens", "", 22.0),
        ("sd between specimens", "", pytest.approx(2.0)),
        ("mean lookup table between folds", "", 16.0),
        ("sd lookup table between folds", "", pytest.approx(1.4142, abs=1e-4)),
    ]
    assert [line_of(each) for each in FOLDS] == [
        "fold 1: PSNR / dB 21.00 on 2 pairs of a, b",
        "fold 2: PSNR / dB 24.00 on 1 pair of c",
    ]
    lines = lines_of(2, summary(FOLDS))
    assert lines[:4] == [
        "2 folds: PSNR / dB 22.50 +- 2.12",
        "specimens: PSNR / dB 22.00 +- 2.00",
        "lookup table: PSNR / dB 16.00 +- 1.41",
        "Better than a lookup table in the one score.",
    ]
    assert "not even in the choice of its best epoch" in lines[4]
