"""Tables and figures of limits."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from bundle.evidence.shared.metric_table import DECIMALS, TITLES
from bundle.evidence.shared.spread import spread
from bundle.shared.figure import COLOURS, quiet, save

BESIDE = 0.12  # of the distance between names, between recipes


def rows_of(points: Sequence[dict[str, Any]], axis: str) -> list[dict[str, str]]:
    """One row for each recipe and place on the axis: means over seeds and their standard deviations."""
    groups: dict[tuple[str, Any], list[dict[str, float]]] = {}
    for point in points:
        groups.setdefault((point["recipe"], point["x"]), []).append(point["metrics"])
    metrics = _metrics(points)
    return [
        {"recipe": recipe, axis: f"{x}"}
        | {TITLES[name]: spread([m[name] for m in of_seeds if name in m], DECIMALS[name]) for name in metrics}
        for (recipe, x), of_seeds in groups.items()
    ]


def draw_curves(path: Path, points: Sequence[dict[str, Any]], axis: str) -> None:
    """Draw a panel for each metric: a point for each seed and, where the axis has numbers, a line through the means.

    Places on the axis are drawn at equal distances. Between names there is nothing: recipes stand beside each other.

    Args:
        path: PNG to write.
        points: ``recipe``, ``x``, ``metrics``.
        axis: title of the abscissa.
    """
    metrics = _metrics(points)
    places = list(dict.fromkeys(point["x"] for point in points))
    recipes = list(dict.fromkeys(point["recipe"] for point in points))
    named = isinstance(places[0], str)
    figure, axes = plt.subplots(1, len(metrics), figsize=(3.3 * len(metrics), 3.2), squeeze=False, layout="constrained")
    for panel, metric in zip(axes.flat, metrics, strict=True):
        for number, recipe in enumerate(recipes):
            values = [_values(points, recipe, x, metric) for x in places]
            beside = BESIDE * (number - (len(recipes) - 1) / 2) if named else 0.0
            _draw_recipe(panel, values, COLOURS[number % len(COLOURS)], recipe, named, beside)
        panel.set_title(TITLES[metric] + (", lower is better" if metric == "lpips" else ""), fontsize=10)
        panel.set_xticks(range(len(places)), [f"{x:g}" if isinstance(x, (int, float)) else x for x in places])
        panel.set_xlabel(axis, fontsize=8)
        quiet(panel, grid="y")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    save(figure, path)


def _values(points: Sequence[dict[str, Any]], recipe: str, x: Any, metric: str) -> list[float]:
    """A metric of each seed at a place of a recipe's curve."""
    here = [point["metrics"] for point in points if (point["recipe"], point["x"]) == (recipe, x)]
    return [metrics[metric] for metrics in here if metric in metrics]


def _draw_recipe(
    panel: Any, values: Sequence[Sequence[float]], colour: str, recipe: str, named: bool, beside: float
) -> None:
    """Draw a curve: the values of each place, which lie `beside` it, and the line through their means."""
    known = [place for place, of_seeds in enumerate(values) if of_seeds]
    if not named:
        panel.plot(known, [statistics.mean(values[place]) for place in known], "-", color=colour, linewidth=1.6)
    for place in known:
        at = [place + beside] * len(values[place])
        panel.plot(at, values[place], "o", color=colour, markersize=6 if named else 3.5, alpha=0.8)
    panel.plot([], [], "o" if named else "-", color=colour, label=recipe)


def _metrics(points: Sequence[dict[str, Any]]) -> list[str]:
    return [metric for metric in TITLES if any(metric in point["metrics"] for point in points)]
