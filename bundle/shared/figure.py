"""What the figures of measurements have in common: colours, quiet axes, how they are saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

DPI = 130
BLUE, ORANGE, GREEN, VIOLET, GREY, PALE_GREY = "#1c4f91", "#d9480f", "#2b8a3e", "#862e9c", "#6b7280", "#9ca3af"
COLOURS = (ORANGE, BLUE, GREEN, VIOLET, GREY)  # of lines, in order
GRID = "#e5e7eb"


def quiet(axis: Any, grid: str | None = None, left: bool = True) -> None:
    """Leave of the frame the lower and, if `left`, the left side; draw a pale grid along x, y or both."""
    axis.tick_params(labelsize=8)
    for side in ("top", "right") if left else ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    if grid is not None:
        axis.grid(axis=grid, color=GRID, linewidth=0.6)
        axis.set_axisbelow(True)


def save(figure: Any, path: Path, words: str = "") -> None:
    """Write a PNG, with words that tell what it is of, and close the figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI, metadata={"Description": words} if words else None)
    plt.close(figure)
