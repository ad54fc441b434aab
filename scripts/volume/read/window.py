"""The grey-value window of a whole volume."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.data.given_window import PRESETS, given_window
from scripts.data.landmarks.find import Landmarks, find_landmarks, part_of
from scripts.data.padding import NO_PADDING, Padding, corners_of, find_padding, tell_of_padding
from scripts.data.window import PERCENTILES, check_overlap, percentile_window, warn_if_outside
from scripts.data.window_choice import GIVEN, NO_TRAINING, Facts, Training, decide
from scripts.errors import InputError
from scripts.volume.read.volume import Volume

logger = logging.getLogger(__name__)

SLICES = 12  # in which landmarks are looked for
ALIKE = 0.7  # correlation of neighbouring slices from which they count as parts of one body


class Sample(NamedTuple):
    """Grey values of a volume.

    Attributes:
        values: finite ones, evenly spread, one-dimensional.
        corners: of the slices that they were taken from.
        parts: some of these slices, of large ones a part, in which landmarks can be found.
    """

    values: NDArray[Any]
    corners: NDArray[Any]
    parts: Sequence[NDArray[Any]] = ()


class VolumeWindow(NamedTuple):
    """How a volume is windowed.

    Attributes:
        lo: grey value that becomes black.
        hi: grey value that becomes white.
        source: "given", "trained", "landmarks", "percentiles" or "export", see `Choice`.
        padding: what is no tissue.
        why: this window, in words; empty for a given one.
        landmarks: of the scan; None where there are none or nobody looked, since the window was given.
        facts: of the scan; None where the window was given.
    """

    lo: float
    hi: float
    source: str
    padding: Padding
    why: str = ""
    landmarks: Landmarks | None = None
    facts: Facts | None = None

    @property
    def window(self) -> tuple[float, float]:
        """(lo, hi)."""
        return self.lo, self.hi


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
    looked_at: list[NDArray[Any]] = []
    every = math.ceil(len(slices) / SLICES)
    for number, z in enumerate(slices):
        try:
            slice_ = volume.read(z, z + 1)[0]
        except InputError:
            if damaged and (parts or z < slices[-1]):
                continue
            raise
        parts.append(slice_[::stride, ::stride].flatten())  # a copy: a view would keep the whole slice
        corners.append(corners_of(slice_))
        if number % every == every // 2:
            looked_at.append(part_of(slice_, len(looked_at)).copy())
    sample = np.concatenate(parts)
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        raise InputError(f"{volume.source} holds nothing but NaN and infinity: check the export.")
    return Sample(finite, np.concatenate(corners), looked_at)


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
    training: Training = NO_TRAINING,
    given: object = None,
    max_slices: int = 64,
    max_values: int = 4_000_000,
) -> VolumeWindow:
    """Choose the window of a volume: the given one, else see `choose_window`. Padding is found first and left out.

    Args:
        volume: the volume.
        percentiles: (lower, upper) of the robust range that is compared with the training's window, and of the window
            where nothing better is found.
        training: what the weights say of their training's windows.
        given: the user's window, see `given_window`; None to find one.
        max_slices: see `sample_volume`.
        max_values: see `sample_volume`.

    Raises:
        InputError: a given window that is none or holds none of the grey values; a constant volume; damaged slices;
            nothing but NaN and infinity; landmarks are asked for, but there are none.
    """
    asked = None if given is None else given_window(given, volume.source)
    by_numbers = isinstance(asked, tuple)
    sample = sample_volume(volume, max_slices, max_values, damaged=by_numbers)
    padding = find_padding(*sample[:2])
    tell_of_padding(padding, volume.source)
    tissue = padding.without(sample.values)
    if isinstance(asked, tuple):
        check_overlap(asked, tissue, volume.source)
        found = VolumeWindow(*asked, GIVEN, padding)
    else:
        lower, upper = PRESETS.get(asked or "") or percentiles
        robust = percentile_window(tissue, lower, upper, volume.source)
        facts = Facts(robust, find_landmarks(sample.parts, padding))
        choice = decide(asked, facts, training, volume.source)
        found = VolumeWindow(*choice.window, choice.source, padding, choice.why, facts.search.landmarks, facts)
    warn_if_outside(found.window, tissue, volume.source)
    return found
