"""When a training validates."""

from __future__ import annotations

from ignite.engine import Engine, Events
from monai.engines import Evaluator
from monai.handlers import ValidationHandler


class Validation(ValidationHandler):
    """MONAI's ``ValidationHandler`` that does not miss the last epoch, whose weights are mostly the best.

    Args:
        interval: epochs between two validations.
        validator: the evaluator to run.
    """

    def __init__(self, interval: int, validator: Evaluator) -> None:
        super().__init__(interval=interval, validator=validator, epoch_level=True)

    def attach(self, engine: Engine) -> None:
        super().attach(engine)
        engine.add_event_handler(Events.EPOCH_COMPLETED(event_filter=self._last_and_not_yet_validated), self)

    def _last_and_not_yet_validated(self, engine: Engine, epoch: int) -> bool:
        return epoch == engine.state.max_epochs and epoch % self.interval != 0
