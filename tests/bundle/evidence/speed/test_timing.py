"""Ways timed in turn, and their ratio by hand."""

from __future__ import annotations

from bundle.evidence.speed.timing import Timing, median_ratio, time_in_turn


def test_ways_take_turns() -> None:
    order: list[str] = []
    time_in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=2)
    assert order == ["a", "b", "a", "b"]


def test_every_repetition_is_kept() -> None:
    timings = time_in_turn({"a": lambda: None, "b": lambda: None}, repeats=3)
    assert {name: len(timing.seconds) for name, timing in timings.items()} == {"a": 3, "b": 3}


def test_ratio_is_the_median_of_those_of_the_rounds() -> None:
    first, second = Timing((2.0, 9.0, 8.0)), Timing((1.0, 3.0, 8.0))  # ratios 2, 3, 1; that of the medians 8 / 3
    assert median_ratio(first, second) == 2.0


def test_text() -> None:
    assert str(Timing((3.0, 1.0, 1.5))) == "1.50 s (1.00 to 3.00)"
