"""Timing several ways of doing the same, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch

Key = TypeVar("Key")


@dataclass(frozen=True)
class Timing:
    """Seconds of the repetitions of one way, in the order they were made."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def milliseconds(self) -> str:
        """Median, shortest and longest."""
        middle, shortest, longest = (1e3 * value for value in (self.median, min(self.seconds), max(self.seconds)))
        return f"{middle:.1f} ms ({shortest:.1f} to {longest:.1f})"

    def __str__(self) -> str:
        return f"{self.median:.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f})"


def time_in_turn(ways: Mapping[Key, Callable[[], object]], repeats: int) -> dict[Key, Timing]:
    """Time each way `repeats` times, A B A B rather than A A B B: a machine's speed drifts with its other work.

    What a way has started on a GPU is waited for, before and after.
    """
    seconds: dict[Key, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            wait_for_gpu()
            begun = time.perf_counter()
            way()
            wait_for_gpu()
            seconds[name].append(time.perf_counter() - begun)
    return {name: Timing(tuple(values)) for name, values in seconds.items()}


def median_ratio(first: Timing, second: Timing) -> float:
    """Median of the ratios first : second of each round, which a drift from round to round does not touch."""
    return statistics.median(a / b for a, b in zip(first.seconds, second.seconds, strict=True))


def wait_for_gpu() -> None:
    """Until what has been started on a GPU is done, if there is one in use."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
