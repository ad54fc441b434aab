from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from bundle.evidence.benchmark import scores


def test_bars_are_means_and_points_are_trainings(tmp_path: Path, drawn: list[Figure]) -> None:
    results: list[dict[str, Any]] = [
        {"cell": {"recipe": recipe}, "metrics": {"ssim": ssim, "psnr": 20.0}}
        for recipe, ssim in (("default", 0.5), ("default", 0.7), ("b", 0.4))
    ]
    scores.draw_scores(tmp_path / "scores.png", results, "default")
    assert (tmp_path / "scores.png").stat().st_size > 0
    psnr, ssim = drawn[0].axes
    bars: list[Any] = list(ssim.patches)
    assert [bar.get_width() for bar in bars] == pytest.approx([0.4, 0.6])  # the first recipe on top
    assert [np.asarray(line.get_xdata()).tolist() for line in ssim.lines] == [[0.4], [0.5, 0.7]]
    assert ssim.get_xlim()[0] < 0.4
    assert ssim.get_xlim()[1] > 0.7
    assert psnr.get_xlim()[0] < 20 < psnr.get_xlim()[1]  # all of them equal
