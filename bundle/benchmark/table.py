"""Means and standard deviations over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from bundle.metric_table import DECIMALS, TITLES


def rows_of(results: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """One row for each recipe and number of steps, in the order of their first result.

    Args:
        results: of `result_of`.

    Returns:
        Rows with the recipe, the steps, how many seeds, minutes of processor time, and each metric as
        "mean +- standard deviation" over the seeds; the deviation is left out for a single seed.
    """
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for result in results:
        groups.setdefault((result["cell"]["recipe"], result["cell"]["steps"]), []).append(result)
    return [_row(recipe, steps, group) for (recipe, steps), group in groups.items()]


def _row(recipe: str, steps: int, group: Sequence[dict[str, Any]]) -> dict[str, str]:
    times = [result["cpu_seconds"] / 60 for result in group if result["cpu_seconds"] is not None]
    row = {"recipe": recipe, "steps": str(steps), "seeds": str(len(group)), "CPU / min": _spread(times, 1)}
    for metric, title in TITLES.items():
        values = [result["metrics"][metric] for result in group if metric in result["metrics"]]
        row[title] = _spread(values, DECIMALS[metric])
    return row


def _spread(values: Sequence[float], decimals: int) -> str:
    if not values:
        return "not known"
    mean = f"{statistics.mean(values):.{decimals}f}"
    return mean if len(values) == 1 else f"{mean} +- {statistics.stdev(values):.{decimals}f}"
