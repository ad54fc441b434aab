"""Figures: sections side by side, orthogonal planes of a volume, loss curves."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

DPI = 130


def draw_sections(path: Path, rows: Sequence[Mapping[str, np.ndarray]], names: Sequence[str], zoom: int = 128) -> None:
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
            whole.add_patch(plt.Rectangle((left, top), zoom, zoom, fill=False, edgecolor="#d9480f", linewidth=1))
            close.imshow(row[title][top : top + zoom, left : left + zoom], cmap="gray", vmin=0, vmax=1)
            for spine in close.spines.values():
                spine.set_edgecolor("#d9480f")
            if index == 0:
                whole.set_title(title, fontsize=10)
        axes[2 * index, 0].set_ylabel(name, fontsize=9)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    _save(figure, path)


def draw_planes(path: Path, ct: np.ndarray, stain: np.ndarray, spacing: tuple[float, float, float]) -> None:
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
    _save(figure, path)


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
        axis.plot(*zip(*points, strict=True), color="#1c4f91", marker="o" if len(points) < 30 else None, markersize=3)
        axis.set_title(name.replace("_", " "), fontsize=9)
        axis.tick_params(labelsize=7)
        axis.grid(color="#e5e7eb")
    for axis in axes.flat[len(names) :]:
        axis.set_axis_off()
    figure.supxlabel("epoch", fontsize=9)
    _save(figure, path)


def _most_varied(image: np.ndarray, side: int) -> tuple[int, int]:
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


def _save(figure: plt.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)
