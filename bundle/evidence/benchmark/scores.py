"""Scores of recipes as bars, with a point for each training."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from bundle.evidence.shared.metric_table import DECIMALS, TITLES
from bundle.shared.figure import BLUE, ORANGE, quiet, save

PALE_BLUE, PALE_ORANGE = "#c9d6ea", "#f8d3c0"


def draw_scores(path: Path, results: Sequence[dict[str, Any]], reference: str) -> None:
    """Draw a bar for each recipe and metric, the mean over seeds, and a point for each of them.

    Bars start at 0 and carry the mean at their ends.

    Args:
        path: PNG to write.
        results: of `result_of`, all of one budget.
        reference: recipe that is drawn in another colour.
    """
    recipes = list(dict.fromkeys(result["cell"]["recipe"] for result in results))[::-1]  # first one on top
    metrics = [metric for metric in TITLES if all(metric in result["metrics"] for result in results)]
    figure, axes = plt.subplots(
        1, len(metrics), figsize=(3.4 * len(metrics), 0.9 + 0.34 * len(recipes)), squeeze=False, layout="constrained"
    )
    for axis, metric in zip(axes.flat, metrics, strict=True):
        values = [[r["metrics"][metric] for r in results if r["cell"]["recipe"] == name] for name in recipes]
        means = [statistics.mean(of_recipe) for of_recipe in values]
        axis.barh(
            recipes, means, color=[PALE_ORANGE if name == reference else PALE_BLUE for name in recipes], height=0.7
        )
        for row, (name, of_recipe) in enumerate(zip(recipes, values, strict=True)):
            colour = ORANGE if name == reference else BLUE
            axis.plot(of_recipe, [row] * len(of_recipe), "o", color=colour, markersize=3.5, alpha=0.8)
            digits = DECIMALS[metric]
            end = max(of_recipe)
            axis.annotate(
                f"{means[row]:.{digits}f}",
                (end, row),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
        axis.set_xlim(0, 1.22 * max(value for of_recipe in values for value in of_recipe))
        axis.set_title(TITLES[metric] + (", lower is better" if metric == "lpips" else ""), fontsize=10)
        quiet(axis, grid="x", left=False)
        axis.tick_params(axis="y", length=0, labelleft=bool(axis is axes[0, 0]))
    save(figure, path)
