"""What is left to do when a run ends in an exception."""

from __future__ import annotations

from collections.abc import Callable

from ignite.engine import Engine, Events


def on_failure(engine: Engine, clean_up: Callable[[], None]) -> None:
    """Call `clean_up` when the engine's run ends in an exception, which then goes on its way.

    Ignite takes a handled exception for settled, and a handler that raises it again keeps later handlers from being
    called. So one handler raises it for all that want to clean up, after them. `clean_up` must bear being called twice:
    Ignite fires the event on the way out of the epoch and on the way out of the run.
    """
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda _engine, _error: clean_up())
    if engine.has_event_handler(_raise, Events.EXCEPTION_RAISED):
        engine.remove_event_handler(_raise, Events.EXCEPTION_RAISED)
    engine.add_event_handler(Events.EXCEPTION_RAISED, _raise)


def _raise(_engine: Engine, error: BaseException) -> None:
    raise error
