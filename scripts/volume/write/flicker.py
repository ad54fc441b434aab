"""How much neighbouring slices differ.

Stained slice by slice, a volume flickers: noise of the CT and doubtful places come out differently in each slice, and a
cut across the slices is streaked. The measure is the mean absolute change from slice to slice in grey levels (0 to
255); it says little by itself, since tissue changes too, and is compared with that of the CT or of the true sections.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

GRID = 512  # points per side at which a large slice is compared


def grid_step(shape: tuple[int, ...]) -> int:
    """Distance in pixels of the points at which slices (rows, columns) are compared."""
    return max(1, max(shape) // GRID)


def change_between_slices(stack: NDArray[Any]) -> tuple[float, int]:
    """Sum over the pairs of neighbouring slices of their mean absolute difference, and the number of pairs.

    Args:
        stack: (n, ...) levels 0 to 255 of any type.
    """
    total = 0.0
    for before, after in itertools.pairwise(stack):
        total += float(np.abs(after.astype(np.float32) - before.astype(np.float32)).mean())
    return total, max(0, len(stack) - 1)


def mean_change(stack: NDArray[Any]) -> float:
    """Mean absolute change from slice to slice of a stack (n, ...), n at least 2."""
    total, pairs = change_between_slices(stack)
    return total / pairs
