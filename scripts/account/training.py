"""The account that a training gives of itself, in a log that people read."""

from __future__ import annotations

import os
from pathlib import Path

from ignite.engine import Engine, Events

from scripts.handlers.checkpoint import BestModel
from scripts.handlers.history import History


class TrainingAccount:
    """Say what a training begins with, its scores as they come, and how it went. Only the first process speaks.

    Attach it after the `TrainingCheckpoint`, so that it sees what was resumed, and the final files.

    Args:
        output_dir: folder of the training.
        history: its rows hold the scores of each validation.
        best_model: says which validations compete, and by what.

    Attributes:
        facts: what the training begins with, label to text.
        lookup_table: mean scores of the lookup table on the validation pairs, ``psnr`` (dB), ``ssim`` and, where
            AlexNet's weights are there, ``lpips``; empty until they are known.
        scores: the same of the best validation.
        best_epoch: of that validation; None before the first.
        verdict: sentences on how it went; "" until it ended.
    """

    def __init__(self, output_dir: str | os.PathLike[str], history: History, best_model: BestModel) -> None:
        self.folder = Path(output_dir)
        self.history, self.best_model = history, best_model
        self.facts: dict[str, str] = {}
        self.lookup_table: dict[str, float] = {}
        self.verdict = ""

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.COMPLETED, self._end)

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the best validation among those that compete, or of the last where none does."""
        row = self._best_row()
        return None if row is None else int(row["epoch"])

    @property
    def scores(self) -> dict[str, float]:
        """Of the validation of `best_epoch`."""
        row = self._best_row() or {}
        prefix = "validation_"
        return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}

    def _best_row(self) -> dict[str, float] | None:
        key, first = f"validation_{self.best_model.key_metric}", self.best_model.first_epoch
        rows = [row for row in self.history.rows if key in row]
        competing = [row for row in rows if first is None or row["epoch"] >= first]
        if competing:
            return max(competing, key=lambda row: row[key])  # the first of equals, as `BestModel` has it
        return rows[-1] if rows else None

    def _end(self) -> None:
        self.verdict = "The training has ended."
