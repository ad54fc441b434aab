"""Slices between those of a stack, computed while they are asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scripts.data.resample import cubic_weights


class Between:
    """A stack of another number of slices and the same extent, by a cubic kernel that is widened where they get fewer.

    Asked for from the first on, it loads each original slice once, in order, and holds those that the kernel reaches
    over.

    Args:
        before: number of original slices.
        after: number of slices that can be asked for.
        load: returns an original slice by its index, an array of float32; all have one shape.
    """

    def __init__(self, before: int, after: int, load: Callable[[int], NDArray[np.float32]]) -> None:
        self._load = load
        self._held: dict[int, NDArray[np.float32]] = {}
        self._weights = None
        if before != after:
            self._weights = cubic_weights(before, after)
            self._weights.sort_indices()
            starts = self._weights.indptr
            first, last = self._weights.indices[starts[:-1]], self._weights.indices[starts[1:] - 1]
            # a slice of weight 0 at an end is left out of a row, but the next row may need it
            self._first = np.minimum.accumulate(first[::-1])[::-1]
            self._stop = np.maximum.accumulate(last) + 1

    def at(self, index: int) -> NDArray[np.float32]:
        """A slice; not to be written to."""
        if self._weights is None:
            self._hold(index, index + 1)
            return self._held[index]
        self._hold(int(self._first[index]), int(self._stop[index]))
        row = slice(*self._weights.indptr[index : index + 2])
        planes = [self._held[int(column)] for column in self._weights.indices[row]]
        # differences from one of them: what is constant across slices stays so exactly, in float32
        mean = planes[0].copy()
        for plane, weight in zip(planes[1:], self._weights.data[row][1:], strict=True):
            difference = plane - planes[0]
            difference *= np.float32(weight)
            mean += difference
        return mean

    def holds(self, column: int) -> bool:
        """Whether an original slice is held."""
        return column in self._held

    def _hold(self, first: int, stop: int) -> None:
        for old in [held for held in self._held if not first <= held < stop]:
            del self._held[old]
        for column in range(first, stop):
            if column not in self._held:
                self._held[column] = self._load(column)
