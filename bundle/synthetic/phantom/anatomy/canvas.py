"""One slice being painted, back to front, in attenuation, optical density and class at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def cover(distance: Array) -> Array:
    """Coverage of a pixel by a body whose surface is at signed distance ``distance`` pixels, anti-aliased."""
    return np.clip(0.5 - distance, 0, 1)


def density(vector: tuple[float, float, float], concentration: Array | float) -> Array:
    """Optical density (3, H, W) or (3, 1, 1) of a dye with the per-channel ``vector`` at ``concentration``."""
    found: Array = np.asarray(vector)[:, None, None] * np.atleast_2d(concentration)
    return found


class Canvas:
    """What both renderings of a slice start from.

    Attributes:
        mu: (H, W) linear attenuation in 1/cm.
        optical_density: (3, H, W) decadic, red, green, blue.
        labels: (H, W) uint8 class ids.
    """

    def __init__(self, shape: tuple[int, int], mu: float, label: int) -> None:
        self.mu = np.full(shape, mu)
        self.optical_density = np.zeros((3, *shape))
        self.labels = np.full(shape, label, np.uint8)

    def paint(self, coverage: Array, mu: Array | float, optical_density: Array, label: int | None = None) -> None:
        """Replace what is there by a material, in proportion to ``coverage``; the class where it is at least a half."""
        self.mu += coverage * (mu - self.mu)
        self.optical_density += coverage * (optical_density - self.optical_density)
        if label is not None:
            self.labels[coverage >= 0.5] = label
