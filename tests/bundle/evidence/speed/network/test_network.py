"""Measurements of the generator, made small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network import (
    batch,
    end_to_end,
    engines,
    generators,
    precision,
    recipes,
    round_field,
    tile_size,
)
from bundle.evidence.speed.network.limit import multiplications
from bundle.evidence.speed.network.shipped import as_trained, for_inference, images
from bundle.evidence.speed.timing import Timing


def test_inference_runs_the_shipped_function() -> None:
    image = images(1, 64)
    with torch.no_grad():
        torch.testing.assert_close(for_inference()(image), as_trained()(image), rtol=0, atol=1e-4)


def test_generators(tmp_path: Path) -> None:
    rows = {row["generator"]: row for row in generators.measure(Conditions(tmp_path, quick=True))["rows"]}
    assert rows[generators.TEXTBOOK]["times as fast"] == "1.00"
    # by hand, 64 x 64: stem and head 3 x 3, three steps down and up at half the side each, 12 convolutions at 8 x 8
    down = 32 * 32 * 9 * 16 * 32 + 16 * 16 * 9 * 32 * 64 + 8 * 8 * 9 * 64 * 128
    up = 16 * 16 * 9 * 128 * 64 + 32 * 32 * 9 * 64 * 32 + 64 * 64 * 9 * 32 * 16
    count = 64 * 64 * 9 * (1 * 16 + 16 * 3) + down + up + 12 * 8 * 8 * 9 * 128 * 128
    assert rows[generators.AS_TRAINED]["GMAC"] == f"{count / 1e9:.2f}"


def test_engines_that_fail_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: Any) -> engines.Stain:
        raise ModuleNotFoundError("No module named 'engine'")

    monkeypatch.setattr(engines, "_compiled", lambda case: lambda x: case.network(x) + 0.01)
    monkeypatch.setattr(engines, "_onnx_runtime", absent)
    monkeypatch.setattr(engines, "_openvino", absent)
    result = engines.measure(Conditions(tmp_path, quick=True))
    assert [row["engine"] for row in result["rows"]][:2] == [engines.EAGER, "torch.compile"]
    assert "OpenVINO: ModuleNotFoundError, No module named 'engine'" in result["note"]
    assert result["rows"][1]["largest difference"] == "2.5500 levels"
    assert not result["met"]


def test_recipes(tmp_path: Path) -> None:
    rows = {row["recipe"]: row for row in recipes.measure(Conditions(tmp_path, quick=True))["rows"]}
    assert {recipes.TEXTBOOK, recipes.DEFAULT, "resnet9_64", "narrow"} <= rows.keys()
    # ours has one parameter more per normalised channel (scale and shift for the bias), folded it has a bias again
    assert rows["resnet9_64"]["weights"] == rows[recipes.TEXTBOOK]["weights"]


def test_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch of two, which takes 3 s, an image takes half; the limit is a tenth of what one image takes in 2 s."""

    def timings(ways: dict[Any, Callable[[], Any]], repeats: int) -> dict[Any, Timing]:
        assert [len(way()) for way in ways.values()] == [1, 2]
        return {key: Timing((1.0 + key[1],) * repeats) for key in ways}

    macs = multiplications(for_inference(), images(1, 64))
    monkeypatch.setattr(batch, "time_in_turn", timings)
    monkeypatch.setattr(batch, "multiplications_per_second", lambda *_: 5.0 * macs)
    rows = batch.measure(Conditions(tmp_path, quick=True))["rows"]
    assert [(row["engine"], row["batch"], row["time"], row["of the limit"]) for row in rows] == [
        ("eager", "1", "2000.00 ms", "10 %"),
        ("eager", "2", "1500.00 ms", "13 %"),
    ]


def test_tile_size(tmp_path: Path) -> None:
    rows = tile_size.measure(Conditions(tmp_path, quick=True))["rows"]
    assert [row["tile"] for row in rows] == ["64", "128"]
    fastest, slowest = sorted(rows, key=lambda row: float(row["to the fastest"]))
    assert float(fastest["time"].split()[0]) <= float(slowest["time"].split()[0])


def test_precision(tmp_path: Path) -> None:
    (row,) = precision.measure(Conditions(tmp_path, quick=True))["rows"]
    # 8 bits of mantissa and a dozen layers: it does differ, by a few levels
    assert 1 <= int(row["largest"].split()[0]) <= 32


def test_end_to_end(tmp_path: Path) -> None:
    rows = {row["way"]: row for row in end_to_end.measure(Conditions(tmp_path, quick=True))["rows"]}
    seconds = {name: float(row["per slice"].split()[0]) for name, row in rows.items()}
    textbook = seconds["textbook's network alone"]
    # one round; seconds are rounded to a thousandth, ratios to a tenth
    low, high = ((textbook + sign * 5e-4) / (seconds["inference"] - sign * 5e-4) for sign in (-1, 1))
    assert low - 0.05 <= float(rows["inference"]["times as fast"]) <= high + 0.05
    assert rows["textbook's network alone"]["times as fast"] == "1.0"
    assert next((tmp_path / "out").glob("*.ome.zarr")).is_dir()


def test_round_field(tmp_path: Path) -> None:
    rows = round_field.measure(Conditions(tmp_path, quick=True))["rows"]
    assert {row["side"] for row in rows} == {"384"}
    assert all(row["same bytes"] == "yes" for row in rows)


def test_a_circle_touches_the_sides() -> None:
    inside = round_field.circle(200)
    assert inside[99, 0]
    assert inside[0, 100]
    assert not inside[0, 0]
    assert inside.float().mean().item() == pytest.approx(np.pi / 4, abs=1e-3)
