"""How long a training takes, from steps and validations that are timed as it goes."""

from __future__ import annotations

import time
from typing import Any

from ignite.engine import Engine, Events

WARM_UP, TIMED = 3, 10  # steps that do not count, and that do


def validations_after(epoch: int, last: int, interval: int) -> int:
    """How many validations lie behind an epoch, up to the last one, which is always validated."""
    return last // interval - epoch // interval + (1 if last % interval and last > epoch else 0)


class Pace:
    """Time the first steps of a training, each validation, and what else is done between two epochs.

    A step counts from the end of the one before it in the same epoch, so that loading is part of it. Attach it after
    what waits for the device, such as the `History`.

    Args:
        validator: whose runs are timed.
        interval: epochs between two validations.
    """

    def __init__(self, validator: Engine, interval: int) -> None:
        self.validator, self.interval = validator, interval
        self.steps: list[float] = []  # seconds of each
        self.validation: float | None = None  # seconds of the last one
        self.between: float | None = None  # seconds between two epochs, the least so far, without validation
        self._seen = 0
        self._ended: float | None = None  # when the last step did
        self._begun = 0.0  # when the validation did
        self._validated = 0.0  # seconds, since the last step

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self._begin_epoch)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._step)
        self.validator.add_event_handler(Events.STARTED, self._begin_validation)
        self.validator.add_event_handler(Events.COMPLETED, self._end_validation)

    def left(self, engine: Any) -> float | None:
        """Seconds to the end; None until enough steps were timed. Validations count as soon as one was timed."""
        state = engine.state
        if len(self.steps) < TIMED:
            return None
        seconds = (state.max_epochs * state.epoch_length - state.iteration) * sum(self.steps) / len(self.steps)
        if self.validation is not None:
            seconds += self.validation * validations_after(state.epoch, state.max_epochs, self.interval)
        if self.between is not None:
            seconds += self.between * (state.max_epochs - state.epoch)
        return float(seconds)

    def _begin_epoch(self) -> None:
        if self._ended is not None:
            between = max(0.0, time.perf_counter() - self._ended - self._validated)
            self.between = between if self.between is None else min(self.between, between)
        self._ended, self._validated = None, 0.0

    def _step(self) -> None:
        now = time.perf_counter()
        if self._ended is not None and len(self.steps) < TIMED:
            self._seen += 1
            if self._seen > WARM_UP:
                self.steps.append(now - self._ended)
        self._ended = now

    def _begin_validation(self) -> None:
        self._begun = time.perf_counter()

    def _end_validation(self) -> None:
        self.validation = self._validated = time.perf_counter() - self._begun
