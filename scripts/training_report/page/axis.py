"""Axes of charts: where values lie, and which of them are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scripts.round_length import round_length

WIDE_RANGE = 20.0  # greatest by least value from which an axis is logarithmic: early losses would flatten the rest


@dataclass(frozen=True)
class Axis:
    """Maps values to places of a chart.

    Attributes:
        low: value at `first`.
        high: value at `last`; not `low`.
        first: place.
        last: place.
        logarithmic: the values' logarithms are what is even.
        whole: ticks are whole numbers.
    """

    low: float
    high: float
    first: float
    last: float
    logarithmic: bool = False
    whole: bool = False

    def place(self, value: float) -> float:
        """Where a value lies, to a tenth."""
        low, high, value = (math.log(v) if self.logarithmic else v for v in (self.low, self.high, value))
        return round(self.first + (value - low) / (high - low) * (self.last - self.first), 1)

    def ticks(self, most: int) -> list[float]:
        """Round values within the range, about `most` of them at most."""
        if self.logarithmic:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1, 2, 5), (1, 3), (1,)):
                ticks = [digit * 10.0**power for power in powers for digit in digits]
                ticks = [tick for tick in ticks if self.low <= tick <= self.high]
                if len(ticks) <= most + 1:
                    break
            return ticks
        step = round_length((self.high - self.low) / most)
        while (self.high - self.low) / step > most:
            step = round_length(step * 2.5)  # 1, 2, 5, 10
        if self.whole:
            step = max(1.0, step)
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


def epochs_axis(last_epoch: int, first: float, last: float) -> Axis:
    """From epoch 0, before which nothing was learned, to the last."""
    return Axis(0, max(1, last_epoch), first, last, whole=True)


def values_axis(values: Sequence[float], first: float, last: float, may_be_log: bool = False) -> Axis:
    """An axis that has room for all values, which are finite."""
    low, high = min(values), max(values)
    if may_be_log and low > 0 and high / low > WIDE_RANGE:
        return Axis(low / 1.15, high * 1.15, first, last, logarithmic=True)
    room = 0.06 * (high - low) or abs(high) * 0.5 or 1.0
    return Axis(low - room, high + room, first, last)
