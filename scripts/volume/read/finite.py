"""Grey values as finite floating-point numbers: what is no number, and what is no tissue, replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.precise import as_float
from scripts.data.padding import Padding


def finite(
    stored: NDArray[Any], nan_value: float, padding: Padding, window: Sequence[float] | None
) -> tuple[NDArray[Any], int]:
    """Replace NaN, infinity and padding.

    Args:
        stored: grey values as a file has them, of any shape.
        nan_value: what NaN, infinity and padding become.
        padding: grey values that are no tissue.
        window: (lo, hi), within which grey values keep their differences; None for float32.

    Returns:
        The values as float32, or as float64 where only that tells them apart; and how many were NaN or infinite.
    """
    values = stored.astype(np.float32) if window is None else as_float(stored, window[0], window[1])
    padded = padding.where(stored)
    if padded is not None:
        values[padded] = nan_value
    bad = ~np.isfinite(values) if stored.dtype.kind == "f" else None
    replaced = 0 if bad is None else int(np.count_nonzero(bad))
    if replaced:
        values[bad] = nan_value
    return values, replaced
