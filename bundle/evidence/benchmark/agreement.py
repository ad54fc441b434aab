"""Histomorphometry of stains against true sections: bias, limits of agreement, and the figures of Bland and Altman."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from bundle.shared.figure import BLUE, GREY, ORANGE, quiet, save
from scripts.handlers.tissue import OF_TRUE
from scripts.metrics.histomorphometry import MEASURES

TITLES = {
    "bv_tv": "BV/TV",
    "bic": "bone-implant contact",
    "new_bone_fraction": "new bone in all bone",
    "degradation_area": "degradation layer in the image",
}
LIMIT = 1.96  # standard deviations either side hold 95 % of a normal distribution


def pairs_of(results: Sequence[dict[str, Any]], measure: str) -> list[tuple[float, float]]:
    """Value of the stain and of the section, per cent, of each pair of them that has both, of all seeds."""
    return [
        (image[measure], image[measure + OF_TRUE])
        for result in results
        for image in result["images"]
        if measure in image and measure + OF_TRUE in image
    ]


def agreement(pairs: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Mean difference of stain minus section, and the limits of agreement (Bland and Altman, Lancet 1986).

    Sections of one specimen resemble each other, so that the limits are a little too narrow.
    """
    differences = [stain - section for stain, section in pairs]
    bias = statistics.mean(differences)
    spread = LIMIT * statistics.stdev(differences) if len(differences) > 1 else 0.0
    return bias, bias - spread, bias + spread


def agreement_rows(results: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each recipe: bias and limits of every measure, percentage points.

    Args:
        results: of `result_of` with a tissue classifier, all of one budget.
    """
    rows = []
    for recipe in dict.fromkeys(result["cell"]["recipe"] for result in results):
        row = {"recipe": recipe}
        for measure in MEASURES:
            pairs = pairs_of([result for result in results if result["cell"]["recipe"] == recipe], measure)
            row[TITLES[measure]] = "{:+.1f} ({:+.1f} .. {:+.1f})".format(*agreement(pairs)) if pairs else "not known"
        rows.append(row)
    return rows


def draw_agreement(path: Path, results: Sequence[dict[str, Any]]) -> None:
    """Draw a panel for each measure: the difference of stain and section against their mean.

    Args:
        path: PNG to write.
        results: of one recipe; a point for each section and seed.
    """
    figure, axes = plt.subplots(1, len(MEASURES), figsize=(3.4 * len(MEASURES), 3.2), layout="constrained")
    for axis, measure in zip(axes, MEASURES, strict=True):
        pairs = pairs_of(results, measure)
        axis.set_title(TITLES[measure], fontsize=10)
        axis.set_xlabel("mean of stain and section, %", fontsize=8)
        quiet(axis)
        axis.axhline(0, color="#d1d5db", linewidth=0.8)
        if not pairs:
            continue
        means = [(stain + section) / 2 for stain, section in pairs]
        differences = [stain - section for stain, section in pairs]
        axis.plot(means, differences, "o", color=BLUE, markersize=3, alpha=0.6)
        bias, lower, upper = agreement(pairs)
        for height, style in ((bias, "-"), (lower, "--"), (upper, "--")):
            axis.axhline(height, color=ORANGE, linewidth=1, linestyle=style)
            axis.annotate(
                f"{height:+.1f}",
                (1, height),
                xycoords=("axes fraction", "data"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="right",
                fontsize=7,
                color=ORANGE,
            )
    axes[0].set_ylabel("stain - section, percentage points", fontsize=8, color=GREY)
    save(figure, path)
