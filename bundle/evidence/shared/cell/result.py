"""The result of a cell: trained and evaluated, unless that is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.kept import once, scored
from bundle.evidence.shared.cell.training import evaluate, train
from scripts.errors import InputError


def result_of(cell: Cell, evaluation: Evaluation, out: Path, threads: int | None = None) -> dict[str, Any]:
    """Train and evaluate a cell, unless that is done already, and return what is known of it.

    A training that was stopped goes on at its last epoch; its time is then not known.

    Args:
        cell: what to train.
        evaluation: what to evaluate on. Scores of another classifier are made again.
        out: folder of all results.
        threads: of training and evaluation, None for as many as this process would take.

    Returns:
        ``cell``, ``command``, ``code`` (see `code_digest`), ``seconds`` and ``cpu_seconds`` of the training or None;
        ``split``, ``metrics``: the mean over the images of the split of each, and ``images``: all of each image.

    Raises:
        InputError: the folder holds another cell; training or evaluation failed.
    """
    folder = cell.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    if once(folder / "cell.json", cell.identity) != cell.identity():
        raise InputError(
            f"{folder} holds another cell, or its recipe, train.yaml or data were changed since, see its cell.json: "
            "give another --out."
        )
    training = once(folder / "training.json", lambda: train(cell, folder, threads))
    scores = scored(folder, evaluation, lambda: evaluate(cell, folder, evaluation, threads))
    return {"cell": cell.description()} | training | scores
