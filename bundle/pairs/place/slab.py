"""Slices of a scan as floating-point numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.data.image.precise import as_float
from scripts.data.padding import Padding
from scripts.volume.read.volume import Volume


def read_slab(
    volume: Volume, start: int, stop: int, window: tuple[float, float], padding: Padding
) -> tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.bool_] | None]:
    """Read slices, padding at the window's low end.

    Args:
        volume: the scan.
        start: first slice.
        stop: slice behind the last one.
        window: grey values (lo, hi) within which differences are kept.
        padding: grey values that are no tissue.

    Returns:
        Grey values (n, Y, X), and where padding was, None if there is none to look for.
    """
    stored = volume.read(start, stop)
    slab = as_float(stored, *window)
    padded = padding.where(stored)
    if padded is not None:
        slab[padded] = window[0]
    return slab, padded
