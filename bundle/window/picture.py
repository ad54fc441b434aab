"""The picture of a scan's windows: its histogram above, its middle slice at each window below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from bundle.shared.figure import BLUE, GREY, ORANGE, PALE_GREY, VIOLET, quiet, save
from bundle.window.proposals import Look
from scripts.data.window import window
from scripts.files.output_folder import writable_folder
from scripts.networks.trained_on import TrainedOn

BINS = 256
OFF_SCALE: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "color": GREY}
LONGEST = 700  # pixels of a slice's side that are shown
MOST = (0.02, 99.98)  # per cent of the grey values that the axis shows, besides the chosen window


def draw(look: Look, trained: TrainedOn, path: Path, weights: str = "") -> None:
    """Draw and write the picture.

    Args:
        look: at the scan.
        trained: what the weights say of the scans of their training.
        path: PNG to write.
        weights: which they are, see `describe_weights`.

    Raises:
        InputError: it cannot be written.
    """
    writable_folder(path.resolve().parent, "--out")
    columns = len(look.proposals)
    rows, across = look.middle.shape
    tall = min(1.6, max(0.5, rows / across)) * 11 / columns
    figure = plt.figure(figsize=(11, 3.9 + tall), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[3.5, tall + 0.4])
    histogram, bars = upper.subplots(2, 1, sharex=True, height_ratios=[4, 0.28 * columns])
    _histogram(histogram, look, trained)
    _bars(bars, look)
    axes = np.atleast_1d(lower.subplots(1, columns))
    step = max(1, max(look.middle.shape) // LONGEST)
    shown = np.nan_to_num(look.middle[::step, ::step].astype(np.float64))
    for axis, proposal in zip(axes, look.proposals, strict=True):
        lo, hi = proposal.window
        axis.imshow(window(shown, lo, hi), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        chosen = proposal.window == look.choice.window
        axis.set_title(
            f"{proposal.name}{' (taken)' if chosen else ''}\n{lo:.5g} to {hi:.5g}",
            fontsize=9,
            color=ORANGE if chosen else GREY,
            fontweight="bold" if chosen else "normal",
        )
        axis.set_xticks([])
        axis.set_yticks([])
        for side in axis.spines.values():
            side.set_color(ORANGE if chosen else PALE_GREY)
            side.set_linewidth(2 if chosen else 0.5)
    save(figure, path, weights and f"Windows for {weights}")


def _histogram(axis: Any, look: Look, trained: TrainedOn) -> None:
    low, high = (float(value) for value in np.percentile(look.values, MOST))
    left, right = (
        min(low, look.choice.lo),
        max(min(high, look.choice.hi + look.choice.hi - look.choice.lo), look.choice.hi),
    )
    shares, edges = np.histogram(look.values, _edges(left, right, whole=look.values.dtype.kind in "iu"))
    density = shares / shares.sum() / (edges[1] - edges[0])
    axis.stairs(density, edges, fill=True, color=BLUE, alpha=0.35, label="this scan")
    if trained.histogram:
        ends = np.linspace(look.choice.lo, look.choice.hi, len(trained.histogram) + 1)
        of_training = np.array(trained.histogram) / sum(trained.histogram) / (ends[1] - ends[0])
        axis.stairs(of_training, ends, color=VIOLET, linewidth=1.2, label="the training's scans, in the window taken")
    axis.set_yscale("log")
    axis.set_ylim(max(1e-4 * density.max(), density[density > 0].min() / 2), 4 * density.max())
    if look.search.landmarks is not None:
        for name, value in look.search.landmarks._asdict().items():
            axis.axvline(value, color=ORANGE, linewidth=1.2)
            axis.annotate(
                f"{name} {value:.5g}",
                (value, 0.97),
                (4, 0),
                ("data", "axes fraction"),
                "offset points",
                fontsize=8,
                color=ORANGE,
                va="top",
            )
    axis.set_xlim(left, right)
    axis.set_yticks([])
    axis.minorticks_off()
    axis.legend(fontsize=8, frameon=False, loc="upper right")
    axis.set_title(f"{look.name}: grey values, share of the voxels (logarithmic)", fontsize=10, loc="left")
    quiet(axis, left=False)


def _edges(left: float, right: float, whole: bool) -> Any:
    """Ends of equal steps, of whole numbers for whole grey values: else some steps hold one value more than others."""
    if not whole:
        return np.linspace(left, right, BINS + 1)
    step = max(1, round((right - left) / BINS))
    return np.arange(np.floor(left), right + step, step) - 0.5


def _bars(axis: Any, look: Look) -> None:
    """One bar from black to white for each window."""
    for place, proposal in enumerate(look.proposals):
        lo, hi = proposal.window
        chosen = proposal.window == look.choice.window
        if hi < axis.get_xlim()[0] or lo > axis.get_xlim()[1]:
            axis.text(0.5, place, "not on this scale", transform=axis.get_yaxis_transform(), **OFF_SCALE)
        axis.plot([lo, hi], [place, place], color=ORANGE if chosen else GREY, linewidth=3, solid_capstyle="butt")
    axis.set_yticks(range(len(look.proposals)), [proposal.name for proposal in look.proposals])
    axis.invert_yaxis()
    axis.set_ylim(len(look.proposals) - 0.4, -0.6)
    axis.set_xlabel("grey value; each bar goes from what becomes black to what becomes white", fontsize=8)
    quiet(axis, "x", left=False)
    axis.tick_params(axis="y", length=0)
