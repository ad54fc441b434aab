"""Fitting a grey-to-colour lookup table, and colouring a slice by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

BINS = 512  # entries of a table; a phantom's slice has several hundred pixels in each


def fit_lut(items: Iterable[Mapping[str, Any]], sigma: float, bins: int = BINS) -> NDArray[np.float64]:
    """Fit the table with the least squared error: the mean colour of every grey value.

    Args:
        items: pairs ``{"image": (1, H, W), "label": (3, H, W), "mask": (1, H, W) optional, 1 = use}``, all in [0, 1].
        sigma: standard deviation of the Gaussian that smooths the CT before, pixels.
        bins: entries of the table.

    Returns:
        (bins, 3) float64, colour of every bin of the grey value. Bins that no pixel fell into are interpolated.

    Raises:
        ValueError: no pixel to fit on.
    """
    counts, sums = np.zeros(bins), np.zeros((bins, 3))
    for item in items:
        index = _bin(item["image"], sigma, bins)
        label = np.asarray(item["label"], dtype=np.float64)
        use = np.asarray(item.get("mask", np.ones_like(label[:1])))[0] > 0
        counts += np.bincount(index[use], minlength=bins)
        for channel in range(3):
            sums[:, channel] += np.bincount(index[use], label[channel][use], minlength=bins)
    seen = np.flatnonzero(counts)
    if seen.size == 0:
        raise ValueError("there is no pixel to fit a lookup table on")
    means = sums[seen] / counts[seen, None]
    return np.stack([np.interp(np.arange(bins), seen, means[:, channel]) for channel in range(3)], axis=1)


def apply_lut(image: Any, table: NDArray[np.float64], sigma: float) -> NDArray[np.float32]:
    """Colour a CT slice.

    Args:
        image: windowed CT (1, H, W) in [0, 1].
        table: (bins, 3), see `fit_lut`.
        sigma: the smoothing it was fitted with, pixels.

    Returns:
        (3, H, W) float32 in [0, 1].
    """
    return table.astype(np.float32)[_bin(image, sigma, len(table))].transpose(2, 0, 1)


def _bin(image: Any, sigma: float, bins: int) -> NDArray[np.intp]:
    """The table's entry (H, W) for every pixel; grey value 1 falls into the last."""
    ct = gaussian_filter(np.asarray(image, dtype=np.float32)[0], sigma)
    index: NDArray[np.intp] = np.clip((ct * bins).astype(np.intp), 0, bins - 1)
    return index
