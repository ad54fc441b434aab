"""Linear light and sRGB values (IEC 61966-2-1): light adds up when pixels are averaged, sRGB values do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]


def light_of(values: Array) -> Array:
    """Linear light in [0, 1] of sRGB values in [0, 1], of the same type."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def values_of(light: Array) -> Array:
    """sRGB values in [0, 1] of linear light in [0, 1], the inverse of `light_of`."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)
