"""The scores of folds: of each fold and specimen, their means and spread."""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.account.verdict import compared
from scripts.words import TITLES, count, score, with_unit

Scores = dict[str, float]  # by metric; what nobody has is left out

SAID = (
    "Held-out specimens took no part in their fold's training, not even in the choice of its best epoch: other "
    "specimens did that. The spread is the standard deviation (n - 1). That of folds is no error of their mean: they "
    "share most of their training."
)


def read_scores(per_image: Path) -> tuple[Scores, dict[str, Scores]]:
    """Mean scores of all held-out slices, and of those of each specimen.

    Args:
        per_image: table of an evaluation.
    """
    with per_image.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    specimens = dict.fromkeys(row["specimen"] for row in rows)
    of_specimen = {name: _mean([row for row in rows if row["specimen"] == name]) for name in specimens}
    return _mean(rows), of_specimen


def _mean(rows: Sequence[Mapping[str, str]]) -> Scores:
    means = {}
    for name in rows[0]:
        values = [float(row[name]) for row in rows if name not in ("image", "specimen") and row[name]]
        if values:
            means[name] = statistics.fmean(values)
    return means


def mean_and_spread(scores: Sequence[Scores]) -> dict[str, dict[str, float | None]]:
    """Of each metric that some have: ``mean``, ``sd`` (n - 1; None for one value) and ``n``."""
    names = dict.fromkeys(name for each in scores for name in each)
    columns = {name: [each[name] for each in scores if math.isfinite(each.get(name, math.nan))] for name in names}
    return {
        name: {
            "mean": statistics.fmean(values),
            "sd": statistics.stdev(values) if len(values) > 1 else None,
            "n": len(values),
        }
        for name, values in columns.items()
        if values
    }


def summary(folds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What ``folds.json`` says of all folds together.

    Args:
        folds: of each ``scores``, ``specimens`` (scores by name) and ``lookup_table`` (scores).
    """
    specimens = [scores for fold in folds for scores in fold["specimens"].values()]
    return {
        "between_folds": mean_and_spread([fold["scores"] for fold in folds]),
        "between_specimens": mean_and_spread(specimens),
        "lookup_table_between_folds": mean_and_spread([fold["lookup_table"] for fold in folds]),
        "said": SAID,
    }


def rows_of(folds: Sequence[Mapping[str, Any]], together: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of ``folds.csv``: folds, specimens, then means and spreads."""
    rows: list[dict[str, Any]] = [
        {"of": "fold", "name": fold["fold"], "pairs": fold["pairs"], **fold["scores"]} for fold in folds
    ]
    for fold in folds:
        rows += [{"of": "specimen", "name": name, **scores} for name, scores in fold["specimens"].items()]
    rows += [{"of": "lookup table", "name": fold["fold"], **fold["lookup_table"]} for fold in folds]
    for key in ("between_folds", "between_specimens", "lookup_table_between_folds"):
        for figure in ("mean", "sd"):
            found = {name: "" if each[figure] is None else each[figure] for name, each in together[key].items()}
            rows.append({"of": f"{figure} {key.replace('_', ' ')}", **found})
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name, "") for name in columns} for row in rows]


def line_of(fold: Mapping[str, Any]) -> str:
    """What is printed of a fold when it is done."""
    held_out = ", ".join(fold["held_out"])
    return f"fold {fold['fold']}: {_words(fold['scores'])} on {count(fold['pairs'], 'pair')} of {held_out}"


def lines_of(folds: int, together: Mapping[str, Any]) -> list[str]:
    """What is printed of so many folds together: means and spreads, the lookup table's, a verdict, what they mean."""
    lines = []
    for what, key in (
        (f"{folds} folds", "between_folds"),
        ("specimens", "between_specimens"),
        ("lookup table", "lookup_table_between_folds"),
    ):
        found = together[key]
        parts = [
            f"{with_unit(name)} {score(name, found[name]['mean'])}"
            + ("" if found[name]["sd"] is None else f" +- {score(name, found[name]['sd'])}")
            for name in TITLES
            if name in found
        ]
        if parts:
            lines.append(f"{what}: {', '.join(parts)}")
    means, table = (
        {name: found["mean"] for name, found in together[key].items()}
        for key in ("between_folds", "lookup_table_between_folds")
    )
    return [*lines, *filter(None, [compared(means, table)]), SAID]


def _words(scores: Scores) -> str:
    return ", ".join(f"{with_unit(name)} {score(name, scores[name])}" for name in TITLES if name in scores)
