"""Means and standard deviations over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bundle.evidence.shared.metric_table import DECIMALS, TITLES
from bundle.evidence.shared.spread import spread
from scripts.handlers.tissue import OF_TRUE
from scripts.metrics.tissue_classes import SHORT

ALWAYS = ("psnr", "ssim", "lpips")  # not known, if need be; others only where they were asked for


def rows_of(results: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each recipe and budget, in the order of their first result.

    Args:
        results: of `result_of`.

    Returns:
        Rows with the recipe, the budget, the steps, how many seeds, minutes of processor time, and each metric as
        "mean +- standard deviation" over the seeds; the deviation is left out for a single seed.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["cell"]["recipe"], result["cell"]["budget"]), []).append(result)
    known = {*ALWAYS, *(metric for result in results for metric in result["metrics"])}
    metrics = [metric for metric in TITLES if metric in known]
    return [_row(recipe, budget, group, metrics) for (recipe, budget), group in groups.items()]


def _row(recipe: str, budget: str, group: Sequence[dict[str, Any]], metrics: Sequence[str]) -> dict[str, str]:
    times = [result["cpu_seconds"] / 60 for result in group if result["cpu_seconds"] is not None]
    steps = sorted({result["cell"]["steps"] for result in group if result["cell"]["steps"] is not None})
    row = {"recipe": recipe, "budget": budget, "steps": ", ".join(map(str, steps)), "seeds": str(len(group))}
    row["CPU / min"] = spread(times, 1)
    for metric in metrics:
        values = [result["metrics"][metric] for result in group if metric in result["metrics"]]
        row[TITLES[metric]] = spread(values, DECIMALS[metric])
    return row


def dice_rows(results: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each recipe: the Dice of each tissue, found in its stains; and found in the true sections, once.

    Args:
        results: of `result_of` with a tissue classifier, all of one budget.
    """
    recipes: dict[str, list[dict[str, float]]] = {}
    for result in results:
        recipes.setdefault(result["cell"]["recipe"], []).append(result["metrics"])
    rows = [{"stain": recipe} | _dice_row(metrics, "") for recipe, metrics in recipes.items()]
    ceiling = _dice_row(next(iter(recipes.values()))[:1], OF_TRUE)
    return [*rows, {"stain": "true section"} | ceiling]


def _dice_row(of_seeds: Sequence[dict[str, float]], ending: str) -> dict[str, str]:
    row = {}
    for name in SHORT:
        values = [m[f"dice_{name}{ending}"] for m in of_seeds if f"dice_{name}{ending}" in m]
        row[name.replace("_", " ")] = spread(values, 3)
    return row
