"""The time that a training takes, by a clock that is set by hand."""

from __future__ import annotations

from typing import Any

import pytest
from ignite.engine import Engine, Events

from scripts.account import pace as module
from scripts.account.pace import Pace, validations_after


class Clock:
    """Stands still unless somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def perf_counter(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("epoch", "last", "interval", "number"),
    [(0, 120, 5, 24), (10, 12, 5, 1), (5, 10, 5, 1), (12, 12, 5, 0), (0, 4, 5, 1), (0, 1, 1, 1)],
)
def test_the_last_epoch_is_validated(epoch: int, last: int, interval: int, number: int) -> None:
    validated = {n for n in range(1, last + 1) if n % interval == 0 or n == last}
    assert validations_after(epoch, last, interval) == number == len({n for n in validated if n > epoch})


def test_time_left_is_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of 2 s (the first two of each epoch of 9 s), validations of 30 s every second epoch, 1 s between epochs."""
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    validator = Engine(lambda *_: clock.wait(30))

    def step(engine: Any, batch: int) -> None:
        clock.wait(9 if engine.state.iteration <= 3 else 2)

    trainer = Engine(step)
    left: dict[int, float | None] = {}
    pace = Pace(validator, 2)
    pace.attach(trainer)
    trainer.add_event_handler(Events.EPOCH_COMPLETED(every=2), lambda: validator.run([0]))
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: clock.wait(1))
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: left.setdefault(engine.state.epoch, pace.left(engine))
    )
    trainer.run(range(10), max_epochs=5)
    assert left[1] is None  # nine steps between ends, of which three are warm-up
    assert pace.steps == [2.0] * 10
    assert left[2] == 3 * 10 * 2 + 2 * 30 + 3 * 1
    assert left[4] == 10 * 2 + 30 + 1
    assert left[5] == 0
