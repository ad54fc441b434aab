"""Quality against speed, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bundle.evidence.benchmark.pareto import draw_pareto, speeds
from scripts.errors import InputError


def result(recipe: str, **metrics: float) -> dict[str, Any]:
    return {"cell": {"recipe": recipe}, "metrics": metrics}


def front(axes: Axes) -> list[list[float]]:
    """Points of the line."""
    (line,) = (line for line in axes.lines if line.get_linestyle() == "--")
    points: list[list[float]] = np.asarray(line.get_xydata()).tolist()
    return points


def times(path: Path, quick: bool = False) -> Path:
    rows = [
        {"recipe": "default", "precision": "float32", "times as fast": "12.50"},
        {"recipe": "default", "precision": "bfloat16", "times as fast": "40.00"},
    ]
    path.write_text(json.dumps({"quick": quick, "recipes": {"rows": rows}}))
    return path


def test_speeds_are_those_in_float32(tmp_path: Path) -> None:
    assert speeds(times(tmp_path / "network.json"), ["default"]) == {"default": 12.5}


def test_no_speeds(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    with pytest.raises(InputError, match="missing: python -m bundle speed network --only recipes"):
        speeds(path, [])
    for content in ("{}", "{", "[]"):
        path.write_text(content)
        with pytest.raises(InputError, match="no times of recipes"):
            speeds(path, [])
    with pytest.raises(InputError, match="no time of mine: timed are"):
        speeds(times(path), ["default", "mine"])
    with pytest.raises(InputError, match="--quick"):
        speeds(times(path, quick=True), ["default"])


def test_front(tmp_path: Path, drawn: list[Figure]) -> None:
    """Joined are those that none beats in both: the slow one only where it is better."""
    results = [
        result("slow", ssim=0.6, lpips=0.4),
        result("fast", ssim=0.5, lpips=0.3),
        result("fast", ssim=0.5, lpips=0.3),
        result("worst", ssim=0.4, lpips=0.5),
    ]
    draw_pareto(tmp_path / "p.png", results, {"slow": 1.0, "fast": 10.0, "worst": 5.0}, "fast")
    assert (tmp_path / "p.png").stat().st_size > 0
    ssim, lpips = drawn[0].axes
    assert front(ssim) == [[10.0, 0.5], [1.0, 0.6]]
    assert front(lpips) == [[10.0, 0.3]]
