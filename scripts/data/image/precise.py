"""Grey values that float32 cannot tell apart: float32 has 24 binary digits, other types have more.

Window 3,000,000,000 to 3,000,004,000: in float32 all tissue would have 17 different grey values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 2**16  # steps of a window that float32 must be able to tell apart
LARGEST, LEAST_WIDTH = 1e38, 1e-30  # of a window that float32 can compute with


def float32_suffices(lo: float, hi: float) -> bool:
    """Whether grey values of the window [lo, hi] keep their differences when they are rounded to float32."""
    largest = max(abs(lo), abs(hi))
    if largest > LARGEST or hi - lo < LEAST_WIDTH:
        return False
    return float(np.spacing(np.float32(largest))) * LEVELS <= hi - lo


def as_float(stored: NDArray[Any], lo: float, hi: float) -> NDArray[Any]:
    """Grey values as float32, or as float64 where only that keeps their differences within a window.

    Values that float32 cannot hold become infinite in it.
    """
    precise = stored.dtype.itemsize >= 4 and stored.dtype != np.float32 and not float32_suffices(lo, hi)
    with np.errstate(over="ignore"):
        return stored.astype(np.float64 if precise else np.float32)


def exact_float(stored: NDArray[Any]) -> NDArray[Any]:
    """Grey values as float32, or as float64 where they are no numbers of float32."""
    if stored.dtype.itemsize < 4:
        return stored.astype(np.float32)
    with np.errstate(over="ignore"):
        rounded = stored.astype(np.float32)
    return rounded if np.array_equal(rounded, stored) else stored.astype(np.float64)
