"""Progress bar over the whole run, with the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events
from tqdm import tqdm

from scripts.handlers.failure import on_failure


class Progress:
    """Show a tqdm bar from the first to the last iteration of an engine's run.

    Ignite's own bar starts anew each epoch, and so does its estimate of the time left.

    Args:
        description: word before the bar.
        unit: what an iteration is called.
        show: entries of ``engine.state.output`` (scalars) shown beside the bar, e.g. ``["loss"]``; those that an output
            lacks (a loss term switched off) are left out.
    """

    def __init__(self, description: str, unit: str = "step", show: Sequence[str] = ()) -> None:
        self.description, self.unit, self.show = description, unit, tuple(show)
        self.bar: tqdm | None = None

    def attach(self, engine: Engine) -> None:
        if idist.get_rank() > 0:
            return
        # not Events.STARTED: a resumed training finds out only there in which epoch it goes on
        engine.add_event_handler(Events.EPOCH_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        for event in (Events.COMPLETED, Events.TERMINATE):
            engine.add_event_handler(event, self._close)
        on_failure(engine, self._close)

    def _start(self, engine: Any) -> None:
        if self.bar is not None:
            return
        length = engine.state.epoch_length
        total = None if length is None else length * engine.state.max_epochs
        self.bar = tqdm(
            desc=self.description, unit=self.unit, total=total, initial=engine.state.iteration, dynamic_ncols=True
        )

    def _advance(self, engine: Engine) -> None:
        if self.bar is None:
            return
        output = engine.state.output
        if self.show and isinstance(output, dict):
            shown = {name: f"{float(output[name]):.3f}" for name in self.show if name in output}
            self.bar.set_postfix(shown, refresh=False)
        self.bar.update()

    def _close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
