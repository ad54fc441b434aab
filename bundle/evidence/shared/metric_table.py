"""Several evaluations side by side, as CSV and Markdown."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bundle.shared.markdown import table
from scripts.errors import InputError
from scripts.files.table import write_rows

TITLES = {
    "psnr": "PSNR / dB",
    "ssim": "SSIM",
    "lpips": "LPIPS",
    "dice_new_bone": "Dice of new bone",
    "dice_degradation": "Dice of degradation layer",
}
DECIMALS = {"psnr": 2, "ssim": 3, "lpips": 3, "dice_new_bone": 3, "dice_degradation": 3}
FOREGROUND = "_foreground"


def read_summary(path: Path) -> dict[str, tuple[float, float]]:
    """Read a ``metrics_summary.csv`` as metric to (mean, standard deviation over images), of metrics that have a mean.

    Raises:
        InputError: the file is missing.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: evaluate first.")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["mean"]]
    return {row["metric"]: (float(row["mean"]), float(row["std"] or "nan")) for row in rows}


def read_per_image(path: Path) -> list[dict[str, Any]]:
    """Read a ``metrics_per_image.csv``: for each image its name, its specimen and the metrics that it has.

    Raises:
        InputError: the file is missing.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: evaluate first.")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = ("image", "specimen")
    return [{k: v if k in names else float(v) for k, v in row.items() if v or k in names} for row in rows]


def write_table(folder: Path, summaries: Mapping[str, Path], note: str) -> str:
    """Write ``metrics.csv`` (all figures) and ``metrics.md`` (means over test images) and return the latter's text.

    Args:
        folder: where to write.
        summaries: name of a method to its ``metrics_summary.csv``; one row each, in this order.
        note: sentence under the table: what data these are.
    """
    read = {name: read_summary(path) for name, path in summaries.items()}
    known = {metric for summary in read.values() for metric in summary}
    metrics = [metric for metric in (*TITLES, *(name + FOREGROUND for name in TITLES)) if metric in known]
    rows = []
    for name, summary in read.items():
        row: dict[str, str | float] = {"method": name}
        for metric in metrics:
            row[metric], row[f"{metric}_std"] = summary.get(metric, ("", ""))
        rows.append(row)
    write_rows(folder / "metrics.csv", rows)

    lines = table([{"method": name} | _cells(summary, metrics) for name, summary in read.items()])
    text = "\n".join([*lines, "", note, ""])
    (folder / "metrics.md").write_text(text, encoding="utf-8")
    return text


def _cells(summary: Mapping[str, tuple[float, float]], metrics: Sequence[str]) -> dict[str, str]:
    """Means by title, as text; empty where a method lacks a metric."""
    decimals = {metric: DECIMALS[metric.removesuffix(FOREGROUND)] for metric in metrics}
    means = {metric: f"{summary[metric][0]:.{decimals[metric]}f}" if metric in summary else "" for metric in metrics}
    return {_title(metric): mean for metric, mean in means.items()}


def _title(metric: str) -> str:
    base = metric.removesuffix(FOREGROUND)
    return TITLES[base] + (" (tissue)" if base != metric else "")
