"""The table of losses, learning rates and validations."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine, Events
from monai.handlers import LrScheduleHandler

from scripts.engines import constant_then_linear
from scripts.handlers import History
from tests.scripts.engines.tiny_trainer import pairs, tiny_trainer


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def run(folder: Path, epochs: int) -> tuple[History, list[dict[str, float]]]:
    """Train with a validation every second epoch; returns what each iteration put out as well."""
    trainer = tiny_trainer({"pixel_stain": 2.0, "grey": 1.0}, epochs, data=pairs(4))
    schedule: Any = torch.optim.lr_scheduler.LambdaLR(trainer.generator_optimizer, constant_then_linear(1, 3))
    LrScheduleHandler(schedule, print_lr=False).attach(trainer)
    validator = Engine(lambda engine, batch: None)

    @validator.on(Events.EPOCH_COMPLETED)
    def score(engine: Any) -> None:
        engine.state.metrics["ssim"] = trainer.state.epoch / 10

    trainer.add_event_handler(Events.EPOCH_COMPLETED(every=2), lambda: validator.run([0]))
    history = History(folder, validator)
    history.attach(trainer)
    outputs: list[dict[str, float]] = []

    def note(engine: Any) -> None:
        outputs.append({name: float(engine.state.output[name]) for name in ("loss", "pixel_stain", "grey")})

    trainer.add_event_handler(Events.ITERATION_COMPLETED, note)
    trainer.run()
    return history, outputs


def test_rows(tmp_path: Path) -> None:
    _, outputs = run(tmp_path / "new", 4)
    rows = read(tmp_path / "new" / "history.csv")
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    for index, row in enumerate(rows):
        for name in ("loss", "pixel_stain", "grey"):
            expected = statistics.fmean(output[name] for output in outputs[2 * index : 2 * index + 2])
            assert float(row[name]) == pytest.approx(expected, rel=1e-5)  # six digits are written
    assert [row["validation_ssim"] for row in rows] == ["", "0.2", "", "0.4"]
    assert list(rows[0])[:2] == ["epoch", "learning_rate"]
    assert "pred" not in rows[0]


def test_learning_rate_is_the_one_that_the_epoch_used(tmp_path: Path) -> None:
    run(tmp_path, 4)
    rates = [float(row["learning_rate"]) for row in read(tmp_path / "history.csv")]
    assert rates == pytest.approx([1e-3, 0.75e-3, 0.5e-3, 0.25e-3])


def test_resumed_training_goes_on_in_the_same_table(tmp_path: Path) -> None:
    first, _ = run(tmp_path, 2)
    resumed = History(tmp_path, Engine(lambda engine, batch: None))
    resumed.load_state_dict(first.state_dict())
    trainer = tiny_trainer({"pixel_stain": 1.0})
    resumed.attach(trainer)
    trainer.run()
    assert len(read(tmp_path / "history.csv")) == 3
    assert len(first.rows) == 2


def test_steps_that_were_skipped_do_not_count(tmp_path: Path) -> None:
    history = History(tmp_path, Engine(lambda engine, batch: None))
    losses = iter([1.0, float("nan"), 3.0])

    def step(engine: Any, batch: int) -> dict[str, torch.Tensor]:
        return {"loss": torch.tensor(next(losses)), "pixel_stain": torch.tensor(0.5)}

    engine: Any = Engine(step)
    engine.optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    history.attach(engine)
    engine.run([0, 1, 2])
    (row,) = read(tmp_path / "history.csv")
    assert (row["loss"], row["pixel_stain"]) == ("2", "0.5")
