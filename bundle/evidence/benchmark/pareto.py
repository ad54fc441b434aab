"""Quality against speed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from bundle.evidence.shared.metric_table import TITLES
from bundle.shared.figure import BLUE, GRID, ORANGE, PALE_GREY, save
from scripts.errors import InputError

TIME_THEM = "python -m bundle speed network --only recipes"


def speeds(path: Path, recipes: Sequence[str]) -> dict[str, float]:
    """Read how many times as fast as the textbook's generator each recipe's is, in float32.

    Args:
        path: ``network.json`` of `python -m bundle speed network`.
        recipes: names; their config files are to lie where they are timed.

    Raises:
        InputError: there is no such file, or not all recipes were timed, or quickly.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: {TIME_THEM} writes it.")
    try:
        measured = json.loads(path.read_text(encoding="utf-8"))
        rows = measured["recipes"]["rows"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} has no times of recipes: {TIME_THEM} writes them.") from error
    if measured.get("quick"):
        raise InputError(f"{path} was measured with --quick, on an image too small: run {TIME_THEM}.")
    found = {row["recipe"]: float(row["times as fast"]) for row in rows if row["precision"] == "float32"}
    missing = sorted(set(recipes) - found.keys())
    if missing:
        raise InputError(
            f"{path} has no time of {', '.join(missing)}: timed are the config files in configs/generators and "
            "bundle/evidence/benchmark/generators."
        )
    return found


def draw_pareto(
    path: Path, results: Sequence[dict[str, Any]], times_as_fast: Mapping[str, float], default: str
) -> None:
    """Draw a point for each recipe: mean over the seeds, with a bar of one standard deviation either way.

    A line joins those that no other beats in both speed and quality.

    Args:
        path: PNG to write.
        results: of `result_of`, all of one budget.
        times_as_fast: of each recipe's generator.
        default: recipe that is drawn in another colour.
    """
    recipes = list(dict.fromkeys(result["cell"]["recipe"] for result in results))
    metrics = [metric for metric in TITLES if all(metric in result["metrics"] for result in results)]
    figure, axes = plt.subplots(1, len(metrics), figsize=(4.1 * len(metrics), 3.6), squeeze=False, layout="constrained")
    for axis, metric in zip(axes.flat, metrics, strict=True):
        means: dict[str, float] = {}
        for name in recipes:
            values = [r["metrics"][metric] for r in results if r["cell"]["recipe"] == name]
            means[name] = statistics.mean(values)
            _draw_recipe(axis, name, times_as_fast[name], values, ORANGE if name == default else BLUE)
        front = _front(times_as_fast, means, smaller_is_better=metric == "lpips")
        speed, quality = [times_as_fast[name] for name in front], [means[name] for name in front]
        axis.plot(speed, quality, color=PALE_GREY, linewidth=1, linestyle="--", zorder=0)
        axis.set_title(TITLES[metric] + (", lower is better" if metric == "lpips" else ""), fontsize=10)
        _lay_out(axis)
    figure.supxlabel("times as fast as the textbook's generator, float32", fontsize=9)
    save(figure, path)


def _draw_recipe(axis: Any, name: str, speed: float, values: Sequence[float], colour: str) -> None:
    mean = statistics.mean(values)
    deviation = statistics.stdev(values) if len(values) > 1 else None
    axis.errorbar(speed, mean, deviation, fmt="o", color=colour, capsize=2, elinewidth=0.8, markersize=5)
    axis.annotate(  # upright above the bar, since several recipes may be about as fast
        name,
        (speed, mean + (deviation or 0)),
        (0, 5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        rotation=90,
        fontsize=7.5,
        color=colour,
    )


def _front(times_as_fast: Mapping[str, float], means: Mapping[str, float], smaller_is_better: bool) -> list[str]:
    """Recipes that no other beats in both speed and quality, the fastest first."""
    better = -1.0 if smaller_is_better else 1.0
    front: list[str] = []
    for name in sorted(means, key=lambda name: -times_as_fast[name]):
        if not front or better * means[name] > better * means[front[-1]]:
            front.append(name)
    return front


def _lay_out(axis: Any) -> None:
    axis.set_xscale("log")
    axis.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.margins(x=0.12, y=0.12)
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.2 * (high - low))  # room for names
    axis.tick_params(labelsize=8)
    axis.grid(color=GRID, linewidth=0.6)
    axis.set_axisbelow(True)
