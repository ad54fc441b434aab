"""Results that are made once and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.metric_table import read_per_image, read_summary
from scripts.handlers.metrics_csv import PER_IMAGE, SUMMARY
from scripts.whole import write_text


def once(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Read a JSON file, after making its content if it is not there."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(make(), indent=2) + "\n")
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return known


def scored(folder: Path, evaluation: Evaluation, evaluate: Callable[[], None]) -> dict[str, Any]:
    """The scores in a folder, made anew where those there are of another kind."""
    path = folder / f"{evaluation.name}_scores.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("judged") != evaluation.identity():
        path.unlink()

    def make() -> dict[str, Any]:
        evaluate()
        return {"split": evaluation.split, "judged": evaluation.identity()} | _scores(folder / evaluation.name)

    return once(path, make)


def _scores(folder: Path) -> dict[str, Any]:
    summary = read_summary(folder / SUMMARY)
    return {
        "metrics": {name: mean for name, (mean, _) in summary.items()},
        "images": read_per_image(folder / PER_IMAGE),
    }
