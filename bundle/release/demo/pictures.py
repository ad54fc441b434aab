"""Figures of the demonstration: orthogonal planes of a volume, loss curves."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from bundle.shared.figure import BLUE, GRID, save


def draw_planes(
    path: Path, ct: NDArray[np.floating[Any]], stain: NDArray[np.uint8], spacing: tuple[float, float, float]
) -> None:
    """Draw the three orthogonal planes through the middle of a CT volume and of its stain.

    Args:
        path: PNG to write.
        ct: (Z, Y, X) in [0, 1].
        stain: (Z, Y, X, 3) uint8.
        spacing: (z, y, x) voxel size in mm.
    """
    z, y, x = (size // 2 for size in ct.shape)
    dz, dy, dx = spacing
    planes = [
        ("xy", ct[z], stain[z], dy / dx, (ct.shape[2] * dx, ct.shape[1] * dy)),
        ("xz", ct[:, y], stain[:, y], dz / dx, (ct.shape[2] * dx, ct.shape[0] * dz)),
        ("yz", ct[:, :, x], stain[:, :, x], dz / dy, (ct.shape[1] * dy, ct.shape[0] * dz)),
    ]
    heights = [size[1] / size[0] for *_, size in planes]
    width = 4.2
    figure, axes = plt.subplots(
        3, 2, figsize=(2 * width, width * sum(heights) + 1.4), height_ratios=heights, layout="constrained"
    )
    for (grey_axis, colour_axis), (name, grey, colour, aspect, (across, down)) in zip(axes, planes, strict=True):
        grey_axis.imshow(grey, cmap="gray", vmin=0, vmax=1, aspect=aspect)
        colour_axis.imshow(colour, aspect=aspect)
        grey_axis.set_xlabel(f"{name}: {across:.2f} x {down:.2f} mm", fontsize=8)
        for axis in (grey_axis, colour_axis):
            axis.set_xticks([])
            axis.set_yticks([])
    axes[0, 0].set_title("micro-CT", fontsize=10)
    axes[0, 1].set_title("virtual stain", fontsize=10)
    save(figure, path)


def draw_losses(path: Path, history: Path) -> None:
    """Draw every loss term and the validation metrics of a ``history.csv`` against the epoch."""
    with history.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = [name for name in dict.fromkeys(k for row in rows for k in row) if name not in ("epoch", "learning_rate")]
    columns = 3
    lines = -(-len(names) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(3.2 * columns, 2.1 * lines), squeeze=False, layout="constrained"
    )
    for axis, name in zip(axes.flat, names, strict=False):
        points = [(float(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
        axis.plot(*zip(*points, strict=True), color=BLUE, marker="o" if len(points) < 30 else None, markersize=3)
        axis.set_title(name.replace("_", " "), fontsize=9)
        axis.tick_params(labelsize=7)
        axis.grid(color=GRID)
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    figure.supxlabel("epoch", fontsize=9)
    save(figure, path)
