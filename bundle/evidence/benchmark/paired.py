"""Whether the networks of one recipe stain other specimens better than those of another, with specimens as clusters."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import permutation_test

from bundle.evidence.shared.metric_table import DECIMALS, TITLES

Result = dict[str, Any]
MOST = 20  # specimens; a million ways to turn their signs
BATCH = 2**14  # ways at a time in memory


def compare(results: Sequence[Result], reference: str) -> list[dict[str, str]]:
    """One row for each recipe, budget and metric: its difference from the reference's.

    The slices of a specimen resemble each other. What is tested is therefore the mean difference of each specimen, over
    its slices and all seeds, by turning the signs of the specimens in all ways. That asks whether these networks differ
    on other specimens; how much a recipe's trainings differ by seed is the standard deviation in `rows_of`. No p is
    corrected for the number of comparisons.

    Args:
        results: of `result_of`, all of one split.
        reference: recipe that the others are compared with, at the same budget.

    Returns:
        Rows with the recipe, the metric, the difference with its range over specimens, how many these are, and p (two
        sides). Recipes of other budgets than the reference have none.
    """
    rows = []
    for recipe, budget in dict.fromkeys((r["cell"]["recipe"], r["cell"]["budget"]) for r in results):
        for metric, title in TITLES.items():
            differences = by_specimen(results, recipe, reference, budget, metric)
            if recipe == reference or not differences:
                continue
            decimals = DECIMALS[metric]
            values = list(differences.values())
            rows.append(
                {
                    "recipe": recipe,
                    "budget": budget,
                    "metric": title,
                    f"minus {reference}": f"{statistics.mean(values):+.{decimals}f}",
                    "specimens from .. to": f"{min(values):+.{decimals}f} .. {max(values):+.{decimals}f}",
                    "specimens": str(len(values)),
                    "p": f"{sign_flip_p(values):.4f}" if len(values) <= MOST else f"more than {MOST} specimens",
                    "smallest possible p": f"{smallest_p(len(values)):.4f}",
                }
            )
    return rows


def by_specimen(results: Sequence[Result], recipe: str, reference: str, budget: str, metric: str) -> dict[str, float]:
    """Mean difference of a metric in each specimen, over its slices that both recipes were evaluated on, and seeds."""
    ours, theirs = (_by_slice(results, name, budget, metric) for name in (recipe, reference))
    differences: dict[str, list[float]] = {}
    for specimen, image in sorted(ours.keys() & theirs.keys()):
        difference = ours[specimen, image] - theirs[specimen, image]
        differences.setdefault(specimen, []).append(difference)
    return {specimen: statistics.mean(values) for specimen, values in differences.items()}


def _by_slice(results: Sequence[Result], recipe: str, budget: str, metric: str) -> dict[tuple[str, str], float]:
    """Mean over the seeds for each slice, by specimen and image."""
    values: dict[tuple[str, str], list[float]] = {}
    for result in results:
        if (result["cell"]["recipe"], result["cell"]["budget"]) == (recipe, budget):
            for image in result["images"]:
                if metric in image:
                    values.setdefault((image["specimen"], image["image"]), []).append(image[metric])
    return {key: statistics.mean(of_seeds) for key, of_seeds in values.items()}


def sign_flip_p(differences: Sequence[float]) -> float:
    """Share of the 2^n ways to give n differences signs whose mean is as far from 0, on both sides.

    Raises:
        ValueError: more differences than can be turned in all ways.
    """
    count = len(differences)
    if count > MOST:
        raise ValueError(f"{count} differences are more than {MOST}.")
    if count == 1:
        return 1.0  # which scipy refuses
    test = permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=2**count, batch=BATCH, vectorized=True
    )
    return float(test.pvalue)


def smallest_p(count: int) -> float:
    """What `sign_flip_p` gives where all of `count` differences have the same sign."""
    return float(2 / 2**count)
