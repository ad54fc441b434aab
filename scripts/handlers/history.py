"""Losses and validation metrics by epoch, as a table."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events

from scripts.files.table import write_rows

NOT_TERMS = ("image", "label", "pred")
VALIDATION = "validation_"  # before the name of a metric, in a row


def validation_scores(row: Mapping[str, float]) -> dict[str, float]:
    """Metrics of the validation that a row tells of; empty where there was none."""
    return {name.removeprefix(VALIDATION): value for name, value in row.items() if name.startswith(VALIDATION)}


class History:
    """Write ``history.csv``: one row per epoch with the mean of each loss term, the learning rate and the last
    validation.

    The rows are part of a training checkpoint, so that a resumed training goes on in the same table.

    Args:
        output_dir: folder of the training.
        validator: engine whose metrics are noted in epochs in which it ran.
    """

    def __init__(self, output_dir: str | os.PathLike[str], validator: Engine) -> None:
        self.path = Path(output_dir) / "history.csv"
        self.validator = validator
        self.rows: list[dict[str, float]] = []
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._steps = 0
        self._learning_rate = 0.0

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.EPOCH_STARTED, self._begin)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._add)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._write)

    def _begin(self, engine: Any) -> None:
        self._sums.clear()
        self._steps = 0
        self._learning_rate = engine.optimizer.param_groups[0]["lr"]  # at the end a scheduler has set the next epoch's
        self.validator.state.metrics.clear()

    def _add(self, engine: Any) -> None:
        # MONAI's keys are enumerations
        terms = {str(name): float(value) for name, value in engine.state.output.items() if name not in NOT_TERMS}
        if not all(math.isfinite(value) for value in terms.values()):
            return  # such a step is skipped, and would leave no mean
        for name, value in terms.items():
            self._sums[name] += value
        self._steps += 1

    def _write(self, engine: Any) -> None:
        row = {"epoch": float(engine.state.epoch), "learning_rate": self._learning_rate}
        row |= {name: value / self._steps for name, value in self._sums.items()}
        row |= {f"{VALIDATION}{name}": float(value) for name, value in self.validator.state.metrics.items()}
        self.rows.append(row)
        if idist.get_rank() == 0:
            write_rows(self.path, self.rows)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.rows = [dict(row) for row in state["rows"]]
