"""Evaluating given weights at the points of a curve, without any training."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bundle.evidence.limits.points import Point
from bundle.evidence.limits.training import counted
from bundle.evidence.shared.cell import process
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.kept import scored
from bundle.shared.workflow import workflow_command
from scripts.errors import InputError
from scripts.files.digest import SHORT, file_digest


def judge_points(points: Iterable[Point], checkpoint: Path, evaluation: Evaluation, out: Path) -> list[dict[str, Any]]:
    """Evaluate weights at each point where they have no scores yet.

    Args:
        points: of a limit of the scans.
        checkpoint: weights, whatever they were trained on.
        evaluation: its data are those of the point.
        out: folder of the scores, one below it for each file of weights.

    Returns:
        ``recipe``, the weights' name, ``x``, ``metrics`` and ``command`` of each point; ``seed`` is None.

    Raises:
        InputError: the limit is one of trainings; an evaluation failed.
    """
    points = list(points)
    if len({point.train_on for point in points}) > 1:
        raise InputError("This limit is one of trainings: leave out --checkpoint, or name a limit of the scans.")
    folder = out / file_digest(checkpoint)[:SHORT]
    folder.mkdir(parents=True, exist_ok=True)
    return [_judged(point, checkpoint, evaluation, folder) for point in points]


def _judged(point: Point, checkpoint: Path, evaluation: Evaluation, folder: Path) -> dict[str, Any]:
    of_point = replace(evaluation, dataset_dir=str(point.evaluate_on))
    options = {
        "dataset_dir": str(point.evaluate_on),
        "output_dir": str(folder / of_point.name),
        "checkpoint": str(checkpoint),
        "split": evaluation.split,
        "overwrite": "true",  # the scores know when to be made anew
        **({} if evaluation.tissue_classifier is None else {"tissue_classifier": evaluation.tissue_classifier}),
    }

    def evaluate() -> None:
        process.run(workflow_command("evaluating", options), folder / f"{of_point.name}.log", None)

    images = scored(folder, of_point, evaluate)["images"]
    return {
        "recipe": checkpoint.stem,
        "x": point.x,
        "seed": None,
        "metrics": counted(point, images),
        "command": shlex.join(workflow_command("evaluating", options, python=["python"])),
    }
