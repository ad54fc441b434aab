"""The grey-value window of a whole volume."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.data.padding import NO_PADDING, Padding, corners_of, find_padding, tell_of_padding
from scripts.data.window import (
    PERCENTILES,
    check_overlap,
    check_window,
    fits_window,
    percentile_window,
    warn_if_outside,
)
from scripts.errors import InputError
from scripts.volume.read.volume import Volume

logger = logging.getLogger(__name__)

ALIKE = 0.7  # correlation of neighbouring slices from which they count as parts of one body


class Sample(NamedTuple):
    """Grey values of a volume.

    Attributes:
        values: finite ones, evenly spread, one-dimensional.
        corners: of the slices that they were taken from.
    """

    values: NDArray[Any]
    corners: NDArray[Any]


class VolumeWindow(NamedTuple):
    """How a volume is windowed.

    Attributes:
        lo: grey value that becomes black.
        hi: grey value that becomes white.
        source: "given", "trained" or "percentiles".
        padding: what is no tissue.
    """

    lo: float
    hi: float
    source: str
    padding: Padding


def sample_volume(volume: Volume, max_slices: int = 64, max_values: int = 4_000_000, damaged: bool = False) -> Sample:
    """Take evenly spread voxels in one pass from front to back.

    Args:
        volume: the volume.
        max_slices: at most so many slices, first and last included.
        max_values: about so many voxels at most.
        damaged: leave damaged slices out, which staining will name when it comes to them.

    Raises:
        InputError: damaged slices, all of them where `damaged` is true; nothing but NaN and infinity.
    """
    slices = np.unique(np.linspace(0, volume.shape[0] - 1, min(max_slices, volume.shape[0])).round().astype(int))
    stride = max(1, math.ceil(math.sqrt(len(slices) * volume.shape[1] * volume.shape[2] / max_values)))
    parts: list[NDArray[Any]] = []
    corners: list[NDArray[Any]] = []
    for z in slices:
        try:
            slice_ = volume.read(z, z + 1)[0]
        except InputError:
            if damaged and (parts or z < slices[-1]):
                continue
            raise
        parts.append(slice_[::stride, ::stride].flatten())  # a copy: a view would keep the whole slice
        corners.append(corners_of(slice_))
    sample = np.concatenate(parts)
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        raise InputError(f"{volume.source} holds nothing but NaN and infinity: check the export.")
    return Sample(finite, np.concatenate(corners))


def neighbours_alike(volume: Volume, padding: Padding = NO_PADDING) -> bool:
    """Whether neighbouring slices show the same thing, so that their average makes sense.

    Looked at are pairs at a quarter, half and three quarters of the volume; the median of their correlations decides.
    Slices of a scan correlate with 0.9 and more even where it is noisy, separate images hardly at all. Padding is
    alike in all slices and does not count.

    Raises:
        InputError: damaged slices.
    """
    last = volume.shape[0] - 1
    if last < 1:
        return False
    correlations = []
    for z in sorted({min(last * part // 4, last - 1) for part in (1, 2, 3)}):
        step = max(1, max(volume.shape[1:]) // 512)
        stored = np.stack([volume.read(place, place + 1)[0, ::step, ::step] for place in (z, z + 1)])
        usable = np.isfinite(stored)
        padded = padding.where(stored)
        if padded is not None:
            usable &= ~padded
        first, second = stored[:, usable.all(axis=0)].astype(np.float64)
        if first.size and first.std() > 0 and second.std() > 0:
            correlations.append(float(np.corrcoef(first, second)[0, 1]))
    return not correlations or float(np.median(correlations)) >= ALIKE


def usable_average(volume: Volume, weights: Sequence[float], padding: Padding = NO_PADDING) -> list[float]:
    """The weights by which slices are averaged with their neighbours, ``[1.0]`` where that makes no sense.

    Raises:
        InputError: damaged slices.
    """
    if len(weights) == 1 or volume.shape[0] == 1:
        return [1.0]
    if neighbours_alike(volume, padding):
        return list(weights)
    logger.warning(
        "%s: neighbouring slices have little in common and are stained without averaging them, as separate images.",
        volume.source,
    )
    return [1.0]


def volume_window(
    volume: Volume,
    percentiles: Sequence[float] = PERCENTILES,
    trained: Sequence[float] | None = None,
    given: Sequence[float] | None = None,
    max_slices: int = 64,
    max_values: int = 4_000_000,
) -> VolumeWindow:
    """Choose the window of a volume: the given one, else that of the training data if the volume is on its scale, else
    robust percentiles of a sample. Padding is found first and left out.

    Args:
        volume: the volume.
        percentiles: (lower, upper) of the window and of the range compared with the training window.
        trained: common window (lo, hi) of the training data, from the checkpoint; None or NaN if there is none.
        given: the user's window (lo, hi).
        max_slices: see `sample_volume`.
        max_values: see `sample_volume`.

    Raises:
        InputError: a given window that is none or holds none of the grey values; a constant volume; damaged slices;
            nothing but NaN and infinity.
    """
    asked = None if given is None else check_window(given, volume.source)
    sample = sample_volume(volume, max_slices, max_values, damaged=asked is not None)
    padding = find_padding(*sample)
    tell_of_padding(padding, volume.source)
    tissue = padding.without(sample.values)
    if asked is not None:
        check_overlap(asked, tissue, volume.source)
        window, source = asked, "given"
    else:
        window, source = _found(volume, tissue, percentiles, trained)
    warn_if_outside(window, tissue, volume.source)
    return VolumeWindow(*window, source, padding)


def _found(
    volume: Volume, tissue: NDArray[Any], percentiles: Sequence[float], trained: Sequence[float] | None
) -> tuple[tuple[float, float], str]:
    robust = percentile_window(tissue, percentiles[0], percentiles[1], volume.source)
    if trained is None or not np.isfinite([float(value) for value in trained]).all():
        return robust, "percentiles"
    window = check_window(trained, "the checkpoint")
    if fits_window(robust, window):
        return window, "trained"
    logger.warning(
        "%s: its grey values (%g to %g) are not on the scale of the training data (%g to %g), so its own percentiles "
        'are the window; to force another give --ct_window "[lo, hi]".',
        volume.path,
        *robust,
        *window,
    )
    return robust, "percentiles"
