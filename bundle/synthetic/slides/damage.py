"""What befalls a section on its slide: folds, tears, bubbles and pen marks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

Array = NDArray[np.floating]
Mask = NDArray[np.bool_]

PENS = ((1.1, 0.25, 0.95), (0.15, 1.1, 1.0))  # optical densities of red, green, blue: a green and a red marker


def fold(rng: np.random.Generator, density: Array, across: float) -> tuple[Array, Mask]:
    """Lay a strip of the section over its neighbour.

    Args:
        rng: where and how.
        density: (3, H, W) optical density.
        across: width of the strip, pixels.

    Returns:
        The density with the fold, and where it is.
    """
    distance, _ = _wavy_line(rng, density.shape[1:])
    there = np.abs(distance) < across / 2
    doubled = np.roll(density, (round(across), round(across / 2)), axis=(1, 2))
    return np.where(there, density + doubled, density), there


def tear(rng: np.random.Generator, density: Array, across: float) -> tuple[Array, Mask]:
    """Open a gap that narrows along a wavy line."""
    distance, along = _wavy_line(rng, density.shape[1:])
    there = np.abs(distance) < across / 2 * np.clip(along, 0, 1)
    return np.where(there, 0, density), there


def bubble(rng: np.random.Generator, density: Array, across: float) -> tuple[Array, Mask]:
    """Put a bubble of air under the cover glass: pale inside, dark along its rim."""
    height, width = density.shape[1:]
    centre = rng.uniform(0.25, 0.75, 2) * (height, width)
    rows, columns = np.ogrid[:height, :width]
    radius = np.hypot(rows - centre[0], columns - centre[1])
    inside = radius < across / 2
    rim = np.exp(-(((radius - across / 2) / (0.04 * across)) ** 2))
    return np.where(inside, 0.35 * density, density) + 0.8 * rim, inside | (rim > 0.1)


def pen(rng: np.random.Generator, density: Array, across: float) -> tuple[Array, Mask]:
    """Draw with a marker on the glass, near the slide's border."""
    height, width = density.shape[1:]
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    stroke = gaussian_filter1d(rng.standard_normal(width), width / 25) * width / 12
    row = height * rng.choice([0.05, 0.95]) + stroke[None, :]
    left = rng.uniform(0.05, 0.5) * width
    there = (np.abs(rows - row) < across / 2) & (columns > left) & (columns < left + 0.35 * width)
    ink = np.asarray(PENS[rng.integers(len(PENS))])[:, None, None]
    return density + gaussian_filter(there.astype(np.float32), 1.5) * ink, there


def _wavy_line(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Distance to a line through the middle half of the image, pixels, and the place along it from -1 to 1."""
    height, width = shape
    angle = rng.uniform(0, np.pi)
    centre = rng.uniform(0.35, 0.65, 2) * (height, width)
    rows, columns = np.ogrid[:height, :width]
    along = (rows - centre[0]) * np.sin(angle) + (columns - centre[1]) * np.cos(angle)
    across = (rows - centre[0]) * np.cos(angle) - (columns - centre[1]) * np.sin(angle)
    reach = 0.5 * min(height, width)
    wave = rng.uniform(0.02, 0.05) * reach * np.sin(along / reach * rng.uniform(3, 6) + rng.uniform(0, 6))
    return across - wave, along / reach
