"""Progress bar over the whole run, with the time that is left."""

from __future__ import annotations

from collections.abc import Sequence

from ignite.engine import Engine, Events
from tqdm import tqdm

from scripts.engines.distributed import rank


class Progress:
    """Show a tqdm bar from the first to the last iteration of an engine's run.

    Ignite's own bar starts anew each epoch, and so does its estimate of the time left.

    Args:
        description: word before the bar.
        unit: what an iteration is called.
        show: entries of ``engine.state.output`` (scalars) shown beside the bar, e.g. ``["loss"]``.
    """

    def __init__(self, description: str, unit: str = "step", show: Sequence[str] = ()) -> None:
        self.description, self.unit, self.show = description, unit, tuple(show)
        self.bar: tqdm | None = None

    def attach(self, engine: Engine) -> None:
        if rank() > 0:
            return
        engine.add_event_handler(Events.STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        for event in (Events.COMPLETED, Events.TERMINATE, Events.EXCEPTION_RAISED):
            engine.add_event_handler(event, self._close)

    def _start(self, engine: Engine) -> None:
        self._close(engine)
        length = engine.state.epoch_length
        total = None if length is None else length * engine.state.max_epochs
        self.bar = tqdm(
            desc=self.description, unit=self.unit, total=total, initial=engine.state.iteration, dynamic_ncols=True
        )

    def _advance(self, engine: Engine) -> None:
        if self.bar is None:
            return
        if self.show and isinstance(engine.state.output, dict):
            self.bar.set_postfix({name: f"{float(engine.state.output[name]):.3f}" for name in self.show}, refresh=False)
        self.bar.update()

    def _close(self, engine: Engine, error: BaseException | None = None) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
        if error is not None:
            raise error  # Ignite takes a handled exception for settled
