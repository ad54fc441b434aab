"""What a training left: its best scores, where everything lies, the next command."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from scripts.handlers.checkpoint import CHECKPOINT
from scripts.words import TITLES, UNITS, score

FILES = {"weights": "model.pt", "to resume": CHECKPOINT, "report": "report.html", "previews": "previews"}


def ending_in_words(
    folder: Path, best_epoch: int | None, scores: Mapping[str, float], table: Mapping[str, float], verdict: str
) -> dict[str, str]:
    """Lines of the summary at the end, label to text.

    Args:
        folder: of the training; files that it lacks are not named.
        best_epoch: whose weights are the best.
        scores: of its validation.
        table: of the lookup table on the same pairs.
        verdict: on both.
    """
    lines = {} if best_epoch is None else {"best epoch": str(best_epoch)}
    for name, title in TITLES.items():
        if name in scores:
            beside = f", lookup table {score(name, table[name])}" if name in table else ""
            value = " ".join(filter(None, (score(name, scores[name]), UNITS.get(name))))
            lines[title] = f"{value}{beside}"
    lines |= {"verdict": verdict} if verdict else {}
    return lines | {label: str(folder / name) for label, name in FILES.items() if (folder / name).exists()}


def next_command(dataset_dir: Path, folder: Path) -> str:
    """The command that evaluates what was trained on the test specimens, to paste."""
    options = {"dataset_dir": dataset_dir, "checkpoint": folder / "model.pt", "output_dir": folder / "evaluation"}
    words = " ".join(f"--{name} {shlex.quote(str(path))}" for name, path in options.items())
    return f"python -m monai.bundle run evaluating --config_file configs/evaluate.yaml {words}"
