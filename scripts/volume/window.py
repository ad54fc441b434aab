"""The grey-value window of a whole volume."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np

from scripts.data.window import check_overlap, check_window, fits_window, overlaps, percentile_window
from scripts.volume.volume import Volume

logger = logging.getLogger(__name__)


def sample_volume(volume: Volume, max_slices: int = 64, max_values: int = 4_000_000) -> np.ndarray:
    """Take evenly spread voxels in one pass from front to back.

    Args:
        volume: the volume.
        max_slices: at most so many slices, first and last included.
        max_values: about so many voxels at most.

    Returns:
        Grey values, one-dimensional.

    Raises:
        InputError: damaged slices, NaN or infinity.
    """
    slices = np.unique(np.linspace(0, volume.shape[0] - 1, min(max_slices, volume.shape[0])).round().astype(int))
    stride = max(1, math.ceil(math.sqrt(len(slices) * volume.shape[1] * volume.shape[2] / max_values)))
    return np.concatenate([volume.read(z, z + 1)[0, ::stride, ::stride].ravel() for z in slices])


def volume_window(
    volume: Volume,
    percentiles: Sequence[float] = (0.5, 99.5),
    trained: Sequence[float] | None = None,
    given: Sequence[float] | None = None,
    max_slices: int = 64,
    max_values: int = 4_000_000,
) -> tuple[float, float, str]:
    """Choose the window of a volume: the given one, else that of the training data if the volume is on its scale, else
    robust percentiles of a sample.

    Args:
        volume: the volume.
        percentiles: (lower, upper) of the window and of the range compared with the training window.
        trained: common window (lo, hi) of the training data, from the checkpoint; None or NaN if there is none.
        given: the user's window (lo, hi).
        max_slices: see `sample_volume`.
        max_values: see `sample_volume`.

    Returns:
        (lo, hi, source), where source is "given", "trained" or "percentiles".

    Raises:
        InputError: a given window that is none or holds none of the grey values; a constant volume; damaged slices,
            NaN or infinity.
    """
    if given is not None:
        asked = check_window(given, str(volume.path))
        middle = volume.shape[0] // 2
        if not overlaps(asked, volume.read(middle, middle + 1)):  # mostly that is enough, and quick
            check_overlap(asked, sample_volume(volume, max_slices, max_values), str(volume.path))
        return *asked, "given"
    sample = sample_volume(volume, max_slices, max_values)
    robust = percentile_window(sample, percentiles[0], percentiles[1], str(volume.path))
    if trained is None or not np.isfinite([float(value) for value in trained]).all():
        return *robust, "percentiles"
    window = check_window(trained, "the checkpoint")
    if fits_window(robust, window):
        return *window, "trained"
    logger.warning(
        "%s: its grey values (%g to %g) are not on the scale of the training data (%g to %g), so its own percentiles "
        'are the window; to force another give --ct_window "[lo, hi]".',
        volume.path,
        *robust,
        *window,
    )
    return *robust, "percentiles"
