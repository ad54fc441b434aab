"""Agreement of virtual with true sections, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from bundle.evidence.benchmark.agreement import agreement, agreement_rows, draw_agreement, pairs_of


def result(recipe: str, *bv_tv: tuple[float, float]) -> dict[str, Any]:
    images: list[dict[str, float]] = [{"bv_tv": virtual, "bv_tv_true": true} for virtual, true in bv_tv]
    return {"cell": {"recipe": recipe}, "images": [*images, {"bic": 40.0}]}  # the last has no true value


RESULTS = [result("a", (50.0, 48.0), (40.0, 42.0)), result("a", (30.0, 27.0)), result("b", (10.0, 10.0))]


def test_bias_and_limits() -> None:
    """Differences 2, -2, 3: mean 1, standard deviation the root of 7."""
    pairs = pairs_of(RESULTS[:2], "bv_tv")
    assert len(pairs) == 3
    assert agreement(pairs) == pytest.approx((1, 1 - 1.96 * 7**0.5, 1 + 1.96 * 7**0.5))


def test_rows() -> None:
    first, second = agreement_rows(RESULTS)
    assert first["BV/TV"] == "+1.0 (-4.2 .. +6.2)"
    assert first["bone-implant contact"] == "not known"
    assert second["BV/TV"] == "+0.0 (+0.0 .. +0.0)"


def test_figure(tmp_path: Path, drawn: list[Figure]) -> None:
    """Differences against means of the pairs (50, 48), (40, 42) and (30, 27); bias and limits as lines."""
    draw_agreement(tmp_path / "agreement.png", RESULTS[:2])
    assert (tmp_path / "agreement.png").stat().st_size > 0
    bv_tv, bic, *_ = drawn[0].axes
    assert (bv_tv.get_title(), bic.get_title()) == ("BV/TV", "bone-implant contact")
    zero, points, *limits = bv_tv.lines
    assert np.asarray(points.get_xydata()).tolist() == [[49, 2], [41, -2], [28.5, 3]]
    heights = [float(np.asarray(line.get_ydata())[0]) for line in (zero, *limits)]
    assert heights == pytest.approx([0, 1, 1 - 1.96 * 7**0.5, 1 + 1.96 * 7**0.5])
    assert len(bic.lines) == 1  # no pair: the line at 0 alone
