"""Pairs that a known table made."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

BINS = 64


def true_table() -> NDArray[np.floating[Any]]:
    """A colour per bin, (BINS, 3)."""
    grey = (np.arange(BINS) + 0.5) / BINS
    return np.stack([1 - grey, 0.5 + 0.4 * np.sin(6 * grey), grey**2], axis=1)


def noise(seed: int, size: int = 64) -> NDArray[np.floating[Any]]:
    """Grey values in [0, 1], (1, size, size) float32."""
    return np.random.default_rng(seed).random((1, size, size), dtype=np.float32)


def colour(image: NDArray[np.floating[Any]], sigma: float) -> NDArray[np.floating[Any]]:
    """The true table applied to the smoothed image, written out."""
    smooth = gaussian_filter(image[0], sigma) if sigma else image[0]
    coloured: NDArray[np.floating[Any]] = true_table()[np.minimum((smooth * BINS).astype(int), BINS - 1)]
    return coloured.transpose(2, 0, 1)


def pairs(seeds: range, sigma: float) -> list[dict[str, Any]]:
    return [{"image": noise(seed), "label": colour(noise(seed), sigma).astype(np.float32)} for seed in seeds]
