"""Stopping a training that gets no better."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine, Events

from scripts.handlers.checkpoint import BestModel
from scripts.handlers.history import History


class Patience:
    """Stop a training after so many validations in a row without a better key metric.

    Only validations that compete count, see `BestModel`. What went before is read in the history, which a checkpoint
    carries: so a resumed training waits no longer than one that was never stopped, and old checkpoints do. Ignite's
    ``EarlyStopping`` keeps a state of its own, which these lack. Attach it after the `History`.

    Args:
        patience: how many; None: the training is never stopped.
        history: its rows hold the metrics of each validation.
        best_model: says which validations compete, and by what.

    Attributes:
        stopped: whether it ended the training.
    """

    def __init__(self, patience: int | None, history: History, best_model: BestModel) -> None:
        self.patience, self.history, self.best_model = patience, history, best_model
        self.stopped = False

    def attach(self, engine: Engine) -> None:
        if self.patience is not None:
            engine.add_event_handler(Events.EPOCH_COMPLETED, self)

    def __call__(self, engine: Any) -> None:
        rows = self.best_model.competing(self.history.rows)
        if self.patience is None or not rows or rows[-1]["epoch"] != engine.state.epoch:
            return
        values = [row[self.best_model.column] for row in rows]
        if (
            len(values) - 1 - values.index(max(values)) >= self.patience
            and engine.state.epoch < engine.state.max_epochs
        ):
            self.stopped = True
            engine.terminate()
