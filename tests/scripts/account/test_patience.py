"""Stopping after validations that bring nothing better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events

from scripts.account import Patience
from scripts.handlers import BestModel


def train(
    values: list[float | None], patience: int | None, first_epoch: int | None, folder: Path, done: int = 0
) -> tuple[int, bool]:
    """Epochs of a training whose validations give these values (None: no validation), and whether it was stopped.

    Args:
        done: epochs that a training had behind it from which this one is resumed.
    """

    def row(epoch: int) -> dict[str, float]:
        value = values[epoch - 1]
        return {"epoch": float(epoch)} | ({} if value is None else {"validation_ssim": value})

    history: Any = type("History", (), {"rows": [row(epoch) for epoch in range(1, done + 1)]})()
    trainer: Any = Engine(lambda *_: None)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: history.rows.append(row(trainer.state.epoch)))
    stopping = Patience(patience, history, BestModel(folder, torch.nn.Linear(1, 1), "ssim", first_epoch))
    stopping.attach(trainer)
    trainer.load_state_dict({"epoch_length": 1, "max_epochs": len(values), "iteration": done})
    trainer.run([0])
    return trainer.state.epoch, stopping.stopped


@pytest.mark.parametrize(
    ("values", "patience", "first_epoch", "epochs", "stopped"),
    [
        ([0.5, 0.4, 0.4, 0.4, 0.9], None, None, 5, False),
        ([0.5, 0.4, 0.6, 0.5, 0.6, 0.9], 2, None, 5, True),  # equal is not better
        ([0.5, None, 0.4, None, 0.3, 0.9], 2, None, 5, True),  # epochs without a validation do not count
        ([0.9, 0.8, 0.3, 0.4, 0.3, 0.2, 0.9], 2, 3, 6, True),  # what comes before the third does not compete
        ([0.5, 0.4], 1, None, 2, False),  # the last epoch ends by itself
    ],
)
def test_stops_after_so_many_validations_without_a_better_one(
    values: list[float | None],
    patience: int | None,
    first_epoch: int | None,
    epochs: int,
    stopped: bool,
    tmp_path: Path,
) -> None:
    assert train(values, patience, first_epoch, tmp_path) == (epochs, stopped)


@pytest.mark.parametrize("done", [1, 2, 3])
def test_a_resumed_training_stops_in_the_same_epoch(done: int, tmp_path: Path) -> None:
    assert train([0.5, 0.4, 0.3, 0.2, 0.9], 3, None, tmp_path, done) == (4, True)
