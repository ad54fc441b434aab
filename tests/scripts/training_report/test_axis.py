"""Ticks and places, by hand."""

from __future__ import annotations

import pytest

from scripts.round_length import round_length
from scripts.training_report.page.axis import Axis, epochs_axis, values_axis
from scripts.training_report.page.words import length, score


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 120, 6, [0, 20, 40, 60, 80, 100, 120]),
        (0.38, 0.8, 5, [0.4, 0.5, 0.6, 0.7, 0.8]),
        (-3, 3, 3, [-2, 0, 2]),
        (17.5, 25, 5, [18, 20, 22, 24]),
    ],
)
def test_ticks(low: float, high: float, most: int, expected: list[float]) -> None:
    assert Axis(low, high, 0, 100).ticks(most) == pytest.approx(expected)


def test_epochs_are_whole() -> None:
    assert epochs_axis(2, 0, 100).ticks(6) == [0, 1, 2]
    assert epochs_axis(0, 0, 100).ticks(6) == [0, 1]


def test_values_that_span_decades_get_a_logarithmic_axis() -> None:
    axis = values_axis([1.0, 100.0], 100, 0, may_be_log=True)
    assert axis.logarithmic
    assert axis.ticks(5) == pytest.approx([1, 3, 10, 30, 100])
    assert axis.place(10) == pytest.approx(50)  # halfway
    assert not values_axis([1.0, 100.0], 100, 0).logarithmic
    assert not values_axis([0.0, 100.0], 100, 0, may_be_log=True).logarithmic


@pytest.mark.parametrize("value", [0.0, 5.0, -2.0])
def test_a_single_value_lies_in_the_middle(value: float) -> None:
    assert values_axis([value], 0, 100).place(value) == pytest.approx(50)


@pytest.mark.parametrize(("longest", "expected"), [(90, 50), (20, 20), (19.9, 10), (0.3, 0.2), (1, 1)])
def test_round_length(longest: float, expected: float) -> None:
    assert round_length(longest) == pytest.approx(expected)


def test_words() -> None:
    assert [length(um) for um in (3.5, 999, 1500)] == ["3.5 µm", "999 µm", "1.5 mm"]
    assert score("psnr", -0.125, sign=True) == "\N{MINUS SIGN}0.12"
