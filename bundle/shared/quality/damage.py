"""Folds, tears and bubbles: where a section is much darker or paler than its scan lets expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, gaussian_filter
from skimage.filters import apply_hysteresis_threshold
from skimage.morphology import remove_small_objects

DARK = 0.35  # optical density from which metal and its degradation layer are supposed, in which folds cannot be told
UNLIKELY, VERY_UNLIKELY = 1.4, 2.2  # standard deviations by which density may be off, given the scan
SMALLEST = 60  # pixels
BINS = 24  # of the scan's grey at a place, and of that around it

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.floating[Any]]


def damage(density: Image, ct: Image, valid: Mask) -> Mask:
    """Mask (H, W) of damage: density is unlikely, given the scan's grey at the place and around it.

    The darkest tissue is never damage: it is as dark with a fold as without.

    Args:
        density: (H, W) mean optical density.
        ct: (H, W) in [0, 1].
        valid: (H, W) where both show the specimen.
    """
    share = np.maximum(gaussian_filter(valid.astype(float), 2), 1e-3)
    smooth = gaussian_filter(np.where(valid, np.clip(density, 0, 1.2 * DARK), 0), 2) / share
    near = np.where(valid, ct, ct[valid].mean())
    places = [np.clip((gaussian_filter(near, sigma) * BINS).astype(int), 0, BINS - 1) for sigma in (2, 6)]
    flat = np.ravel_multi_index(tuple(places), (BINS, BINS))
    judged = valid & (density < DARK)
    count, total, squares = (
        gaussian_filter(np.bincount(flat[judged], weights, BINS**2).reshape(BINS, BINS), 0.6)
        for weights in (np.ones(int(judged.sum())), smooth[judged], smooth[judged] ** 2)
    )
    mean = total / np.maximum(count, 1e-6)
    deviation = np.sqrt(np.maximum(squares / np.maximum(count, 1e-6) - mean**2, 1e-6))
    off = np.abs(smooth - mean.ravel()[flat]) / (deviation.ravel()[flat] + 0.02)
    off = np.where(judged, off, 0)
    unlikely: Mask = apply_hysteresis_threshold(off, UNLIKELY, VERY_UNLIKELY)
    unlikely = remove_small_objects(unlikely, SMALLEST)
    found: Mask = binary_dilation(unlikely, iterations=2)
    return found
