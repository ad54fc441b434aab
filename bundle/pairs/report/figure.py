"""The figure of a report: how section and CT fit, place by place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_erosion, gaussian_filter, gaussian_gradient_magnitude

from bundle.pairs.pair import Pair
from bundle.pairs.report.verdict import COLOURS
from bundle.shared.figure import BLUE, GREY, save
from scripts.data.window import window

TILES = 8  # of the checkerboard along the shorter side
ARROWS = 18  # along the longer side

Image = npt.NDArray[np.floating[Any]]


def draw_report(pair: Pair, path: Path) -> None:
    """Draw section and CT, checkerboard, edges, deformation, local information and the proposed mask."""
    image = pair.section.image
    ct = np.where(pair.inside, window(pair.ct, *pair.window), 1)
    height, width = ct.shape
    figure, axes = plt.subplots(2, 3, figsize=(12.6, 1.4 + 8.2 * height / width), layout="constrained")
    (a, b, c), (d, e, f) = axes
    a.imshow(image)
    a.set_title("section", fontsize=10)
    b.imshow(_checkerboard(image, ct))
    b.set_title("section and CT in turn", fontsize=10)
    c.imshow(image * 0.5 + 0.5)
    _edges(c, ct, binary_erosion(pair.inside, iterations=4))
    c.set_title("edges of the CT on the section", fontsize=10)
    _deformation(d, pair, ct)
    shown = e.imshow(np.where(pair.section.tissue, pair.quality.information, np.nan), cmap="viridis", vmin=0, vmax=2)
    e.set_facecolor("#f3f4f6")
    e.set_title("local mutual information / bit", fontsize=10)
    figure.colorbar(shown, ax=e, shrink=0.75)
    left_out = pair.section.tissue & ~pair.quality.mask
    overlay = np.where(left_out[..., None], 0.35 * image + 0.65 * np.array([0.85, 0.28, 0.04]), image)
    f.imshow(np.where(pair.section.tissue[..., None], overlay, 1))
    f.set_title("left out by the proposed mask", fontsize=10)
    for axis in axes.flat:
        axis.set_xticks([])
        axis.set_yticks([])
    verdict = pair.quality.verdict
    figure.suptitle(
        f"{verdict}: {'; '.join(pair.quality.reasons)}", fontsize=11, color=COLOURS[verdict], fontweight="bold"
    )
    save(figure, path)


def _checkerboard(image: Image, ct: Image) -> Image:
    side = max(8, min(ct.shape) // TILES)
    rows, columns = np.indices(ct.shape) // side
    return np.where(((rows + columns) % 2 == 0)[..., None], image, ct[..., None])


def _edges(axis: Any, ct: Image, inside: npt.NDArray[np.bool_]) -> None:
    strength = np.where(inside, gaussian_gradient_magnitude(ct, 1.5), 0)
    level = np.percentile(strength, 88)
    overlay = np.zeros((*ct.shape, 4))
    overlay[..., :3] = np.array([0.85, 0.28, 0.04])
    overlay[..., 3] = np.clip(gaussian_filter((strength > level).astype(float), 0.4), 0, 0.9)
    axis.imshow(overlay)


def _deformation(axis: Any, pair: Pair, ct: Image) -> None:
    axis.imshow(0.35 * ct + 0.6, cmap="gray", vmin=0, vmax=1)
    axis.set_title("deformation", fontsize=10)
    if pair.cut is None:
        axis.text(0.5, 0.5, "registered elsewhere", transform=axis.transAxes, ha="center", fontsize=9, color=GREY)
        return
    moved = pair.cut.distortion().numpy()
    step = max(4, max(ct.shape) // ARROWS)
    rows, columns = (np.arange(step // 2, side, step) for side in ct.shape)
    part = moved[np.ix_(rows, columns)]
    where = pair.section.tissue[np.ix_(rows, columns)]
    x, y = np.meshgrid(columns, rows)
    axis.quiver(
        x[where],
        y[where],
        part[where][:, 2],
        part[where][:, 1],
        angles="xy",
        scale_units="xy",
        scale=0.5,
        color=BLUE,
        width=0.004,
    )
    largest = np.hypot(part[where][:, 1], part[where][:, 2]).max(initial=0)
    lift = np.abs(part[where][:, 0]).max(initial=0)
    axis.set_xlabel(f"in the plane, drawn twofold: up to {largest:.1f} pixels; out of it: {lift:.1f}", fontsize=8)
