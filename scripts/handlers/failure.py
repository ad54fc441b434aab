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
    _before_raising(engine, lambda _engine, _error: clean_up())


def on_interrupt(engine: Engine, say: Callable[[Engine], None]) -> None:
    """Call `say` with the engine when Ctrl-C ends its run; the KeyboardInterrupt then goes on its way."""
    _before_raising(engine, lambda engine, error: say(engine) if isinstance(error, KeyboardInterrupt) else None)


def _before_raising(engine: Engine, handler: Callable[[Engine, BaseException], None]) -> None:
    engine.add_event_handler(Events.EXCEPTION_RAISED, handler)
    if engine.has_event_handler(_raise, Events.EXCEPTION_RAISED):
        engine.remove_event_handler(_raise, Events.EXCEPTION_RAISED)
    engine.add_event_handler(Events.EXCEPTION_RAISED, _raise)


def _raise(_engine: Engine, error: BaseException) -> None:
    raise error
