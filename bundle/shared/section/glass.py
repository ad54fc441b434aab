"""The glass around a section: it is white, and tells what white is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.shared.section.light import light_of, values_of

WHITE = 0.96  # sRGB value of glass after balancing
LEAST_GLASS = 0.7  # sRGB value of the darkest channel of what may be glass

Array = npt.NDArray[np.floating[Any]]


def glass_of(light: Array) -> Array:
    """Linear light (3,) of the glass: the median of what is about as bright as the brightest there is."""
    brightness = light.mean(axis=-1)
    brightest = np.percentile(brightness, 99.5)
    pixels = light[brightness > 0.9 * brightest]
    glass: Array = np.maximum(np.median(pixels, axis=0), 1e-3).astype(light.dtype)
    return glass


def white_of(light: Array) -> Array:
    """Linear light (3,) of white: that of the glass, or of `WHITE` where no glass is seen and colours stay as they are.

    Args:
        light: (H, W, 3) linear light in [0, 1].
    """
    glass = glass_of(light)
    if values_of(glass).min() < LEAST_GLASS:  # the brightest there is is tissue
        return np.full(3, light_of(np.array(WHITE)), light.dtype)
    return glass
