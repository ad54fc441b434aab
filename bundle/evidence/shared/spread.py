"""A mean over seeds and its standard deviation, as text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], decimals: int) -> str:
    """The text "mean +- standard deviation"; the mean alone of one value; "not known" without values."""
    if not values:
        return "not known"
    mean = f"{statistics.mean(values):.{decimals}f}"
    return mean if len(values) == 1 else f"{mean} +- {statistics.stdev(values):.{decimals}f}"
