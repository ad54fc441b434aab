"""The grey-value window of a whole volume."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import numpy as np

from scripts.data.window import check_overlap, check_window, fits_window, overlaps, percentile_window
from scripts.errors import InputError
from scripts.volume.volume import Volume

logger = logging.getLogger(__name__)

ALIKE = 0.7  # correlation of neighbouring slices from which they count as parts of one body


def sample_volume(volume: Volume, max_slices: int = 64, max_values: int = 4_000_000) -> np.ndarray:
    """Take evenly spread voxels in one pass from front to back.

    Args:
        volume: the volume.
        max_slices: at most so many slices, first and last included.
        max_values: about so many voxels at most.

    Returns:
        Finite grey values, one-dimensional.

    Raises:
        InputError: damaged slices; nothing but NaN and infinity.
    """
    slices = np.unique(np.linspace(0, volume.shape[0] - 1, min(max_slices, volume.shape[0])).round().astype(int))
    stride = max(1, math.ceil(math.sqrt(len(slices) * volume.shape[1] * volume.shape[2] / max_values)))
    # copies: a view would keep the whole slice
    sample = np.concatenate([volume.read(z, z + 1)[0, ::stride, ::stride].flatten() for z in slices])
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        raise InputError(f"{volume.source} holds nothing but NaN and infinity: check the export.")
    return finite


def neighbours_alike(volume: Volume) -> bool:
    """Whether neighbouring slices show the same thing, so that their average makes sense.

    Looked at are pairs at a quarter, half and three quarters of the volume; the median of their correlations decides.
    Slices of a scan correlate with 0.9 and more even where it is noisy, separate images hardly at all.

    Raises:
        InputError: damaged slices.
    """
    last = volume.shape[0] - 1
    if last < 1:
        return False
    correlations = []
    for z in sorted({min(last * part // 4, last - 1) for part in (1, 2, 3)}):
        step = max(1, max(volume.shape[1:]) // 512)
        pair = np.stack([volume.read(place, place + 1)[0, ::step, ::step].astype(np.float64) for place in (z, z + 1)])
        first, second = pair[:, np.isfinite(pair).all(axis=0)]
        if first.size and first.std() > 0 and second.std() > 0:
            correlations.append(float(np.corrcoef(first, second)[0, 1]))
    return not correlations or float(np.median(correlations)) >= ALIKE


def usable_average(volume: Volume, weights: Sequence[float]) -> list[float]:
    """The weights by which slices are averaged with their neighbours, ``[1.0]`` where that makes no sense.

    Raises:
        InputError: damaged slices.
    """
    if len(weights) == 1 or volume.shape[0] == 1:
        return [1.0]
    if neighbours_alike(volume):
        return list(weights)
    logger.warning(
        "%s: neighbouring slices have little in common and are stained without averaging them, as separate images.",
        volume.source,
    )
    return [1.0]


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
        InputError: a given window that is none or holds none of the grey values; a constant volume; damaged slices;
            nothing but NaN and infinity.
    """
    if given is not None:
        asked = check_window(given, volume.source)
        middle = volume.shape[0] // 2
        seen = volume.read(middle, middle + 1)
        seen = seen[np.isfinite(seen)]
        if not seen.size or not overlaps(asked, seen):  # mostly that is enough, and quick
            check_overlap(asked, sample_volume(volume, max_slices, max_values), volume.source)
        return *asked, "given"
    sample = sample_volume(volume, max_slices, max_values)
    robust = percentile_window(sample, percentiles[0], percentiles[1], volume.source)
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
