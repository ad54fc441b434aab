"""Clean-ups after an exception."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from ignite.engine import Engine

from scripts.handlers.failure import on_failure, on_interrupt


def failing(engine: Any, batch: int) -> None:
    if batch == 2:
        raise KeyError("two")


def test_all_are_called_and_the_exception_goes_on() -> None:
    engine = Engine(failing)
    called: list[int] = []
    for number in range(3):
        on_failure(engine, functools.partial(called.append, number))
    with pytest.raises(KeyError, match="two"):
        engine.run([1, 2, 3])
    assert called == [0, 1, 2] * 2  # Ignite fires twice


def test_nothing_is_called_without_one() -> None:
    engine = Engine(failing)
    called: list[int] = []
    on_failure(engine, lambda: called.append(0))
    engine.run([1, 3])
    assert called == []


def test_ctrl_c_is_told_from_a_failure() -> None:
    def stopped(engine: Any, batch: int) -> None:
        if batch == 2:
            raise KeyboardInterrupt

    called: list[int] = []

    def note(engine: Engine) -> None:
        called.append(engine.state.epoch)

    for step, expected, kind in ((failing, [], KeyError), (stopped, [1], KeyboardInterrupt)):
        engine = Engine(step)
        on_interrupt(engine, note)
        with pytest.raises(kind):
            engine.run([1, 2, 3])
        assert called == expected
