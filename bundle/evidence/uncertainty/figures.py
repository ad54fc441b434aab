"""Figures: error retention and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from bundle.evidence.uncertainty.judge import Values
from bundle.shared.figure import COLOURS, PALE_GREY, quiet, save


def draw_uncertainty(
    path: Path,
    shares: Sequence[float] | Values,
    removed: Mapping[str, Sequence[float]],
    calibrated: tuple[Values, Values],
    method: str,
) -> None:
    """Draw how much error goes with the pixels that are discarded, and expected against observed error.

    Args:
        path: PNG to write.
        shares: of the pixels.
        removed: of the squared error, by method.
        calibrated: expected and observed root-mean-square error, grey levels, of `method`.
        method: that is calibrated.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    for number, (name, values) in enumerate(removed.items()):
        again, colour = divmod(number, len(COLOURS))  # a colour that comes a second time is dashed
        line = {"color": COLOURS[colour], "linestyle": "--" if again else "-", "label": name}
        left.plot(100 * np.asarray(shares), 100 * np.asarray(values), **line)
    left.plot(100 * np.asarray(shares), 100 * np.asarray(shares), color=PALE_GREY, linestyle=":", label="by chance")
    left.axvline(20, color="#d1d5db", linewidth=0.8)
    left.set_xlabel("least certain pixels discarded, %", fontsize=8)
    left.set_title("squared error that goes with them, %", fontsize=10)
    left.legend(fontsize=8, frameon=False)
    expected, observed = calibrated
    top = 1.05 * max(expected.max(), observed.max())
    right.plot([0, top], [0, top], color=PALE_GREY, linestyle=":")
    right.plot(expected, observed, "o", color=COLOURS[1], markersize=4)
    right.set_xlabel(f"expected from {method}, grey levels", fontsize=8)
    right.set_title("observed root-mean-square error", fontsize=10)
    for panel in (left, right):
        quiet(panel, grid="both")
    save(figure, path)
