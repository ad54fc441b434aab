"""Training and evaluating a cell, each by the command that a user would type."""

from __future__ import annotations

import shlex
import shutil
import time
from pathlib import Path
from typing import Any

from bundle.evidence.shared.cell import process
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.digests import code_digest
from bundle.evidence.shared.cell.evaluation import Evaluation
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.weights.checkpoint import read_checkpoint


def train(cell: Cell, folder: Path, threads: int | None) -> dict[str, Any]:
    """Train a cell in a folder, or go on where that was stopped; return its command, code and times."""
    whole = not (folder / "training").exists()
    begun, cpu_seconds = time.monotonic(), 0.0
    if _epochs_trained(folder / "training") < cell.epochs:
        stopped = (folder / "training" / CHECKPOINT).is_file()
        command = [*cell.training(folder), *(["--resume", "true"] if stopped else [])]
        cpu_seconds = process.run(command, folder / "training.log", threads)
    seconds = time.monotonic() - begun
    return {
        "command": shlex.join(cell.training(folder, python=["python"])),
        "code": code_digest(),
        "seconds": round(seconds, 1) if whole else None,
        "cpu_seconds": round(cpu_seconds, 1) if whole else None,
    }


def _epochs_trained(training: Path) -> int:
    path = training / CHECKPOINT
    if not path.is_file():
        return 0
    state = read_checkpoint(path)["trainer"]
    return int(state["iteration"] // state["epoch_length"])


def evaluate(cell: Cell, folder: Path, evaluation: Evaluation, threads: int | None) -> None:
    """Evaluate a trained cell anew, into a folder that is named after the evaluation."""
    shutil.rmtree(folder / evaluation.name, ignore_errors=True)
    process.run(cell.evaluating(folder, evaluation), folder / f"{evaluation.name}.log", threads)
