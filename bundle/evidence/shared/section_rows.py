"""Figures of sections and stains side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from bundle.shared.figure import ORANGE, save

Image = NDArray[np.floating[Any]]


def draw_sections(path: Path, rows: Sequence[Mapping[str, Image]], names: Sequence[str], zoom: int = 128) -> None:
    """Draw one row per slice, one column per image, and under each row the same images magnified.

    Args:
        path: PNG to write.
        rows: title to image, (H, W) grey or (H, W, 3) RGB, all in [0, 1] and of one size per row; the same titles in
            each row.
        names: what each row shows.
        zoom: side of the magnified square in pixels; it lies where the last image of the row varies most.
    """
    titles = list(rows[0])
    figure, axes = plt.subplots(
        2 * len(rows), len(titles), figsize=(2.6 * len(titles), 5.3 * len(rows)), squeeze=False, layout="constrained"
    )
    for index, (row, name) in enumerate(zip(rows, names, strict=True)):
        top, left = _most_varied(row[titles[-1]], zoom)
        for column, title in enumerate(titles):
            whole, close = axes[2 * index, column], axes[2 * index + 1, column]
            whole.imshow(row[title], cmap="gray", vmin=0, vmax=1)
            whole.add_patch(Rectangle((left, top), zoom, zoom, fill=False, edgecolor=ORANGE, linewidth=1))
            close.imshow(row[title][top : top + zoom, left : left + zoom], cmap="gray", vmin=0, vmax=1)
            for spine in close.spines.values():
                spine.set_edgecolor(ORANGE)
            if index == 0:
                whole.set_title(title, fontsize=10)
        axes[2 * index, 0].set_ylabel(name, fontsize=9)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    save(figure, path)


def _most_varied(image: Image, side: int) -> tuple[int, int]:
    """Top left corner of the square, on a coarse grid, in which an image varies most."""
    grey = image if image.ndim == 2 else image.mean(axis=2)
    step = max(1, side // 4)
    corners = [
        (top, left)
        for top in range(0, max(1, grey.shape[0] - side + 1), step)
        for left in range(0, max(1, grey.shape[1] - side + 1), step)
    ]
    return max(
        corners, key=lambda corner: float(grey[corner[0] : corner[0] + side, corner[1] : corner[1] + side].std())
    )
