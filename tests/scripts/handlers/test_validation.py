"""A training validates at its interval and in its last epoch, once."""

from __future__ import annotations

import pytest
from ignite.engine import Engine
from monai.engines import Evaluator

from scripts.handlers import Validation


class Validator(Evaluator):
    """Notes the epochs it is run in."""

    def __init__(self) -> None:
        super().__init__(device="cpu", val_data_loader=[{}])
        self.epochs: list[int] = []

    def run(self, global_epoch: int = 1) -> None:  # type: ignore[override]
        self.epochs.append(global_epoch)


@pytest.mark.parametrize(
    ("interval", "max_epochs", "expected"), [(5, 12, [5, 10, 12]), (5, 10, [5, 10]), (5, 3, [3]), (1, 2, [1, 2])]
)
def test_epochs(interval: int, max_epochs: int, expected: list[int]) -> None:
    validator = Validator()
    engine = Engine(lambda engine, batch: None)
    Validation(interval, validator).attach(engine)
    engine.run([0, 1], max_epochs=max_epochs)
    assert validator.epochs == expected
