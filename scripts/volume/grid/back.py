"""Stains brought from the network's grid to that of their scan, slab by slab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.data.resample import resize_ct
from scripts.data.spans import spans
from scripts.volume.grid.between import Between
from scripts.volume.grid.resampled import KERNEL, Shape

LEVELS = 255


def brought_to(
    slabs: Iterable[NDArray[np.uint8]], before: Shape, after: Shape, slab_size: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Resample stained slabs to another grid of the same extent, by the kernel by which CT is resampled.

    Only one slab of either grid and the slices that the kernel reaches over are held.

    Args:
        slabs: uint8 (C, n, Y, X) in z order, together as many slices as `before` says.
        before: (Z, Y, X) of the grid that they are on.
        after: (Z, Y, X) of the other grid.
        slab_size: slices of each slab that is returned, the last one may have fewer.

    Yields:
        The first slice of a slab, and the slab, uint8 (C, n, Y, X), rounded half up.
    """
    planes = _Planes(slabs, after)
    slices = Between(before[0], after[0], planes.at)
    for start, stop in spans(after[0], slab_size):
        first = slices.at(start)
        slab = np.empty((len(first), stop - start, *after[1:]), np.uint8)
        for z in range(start, stop):
            slab[:, z - start] = np.clip(np.floor(slices.at(z) + np.float32(0.5)), 0, LEVELS)
        yield start, slab


def bringing_bytes(channels: int, before: int, after: int) -> int:
    """Memory for each pixel of a slice of the other grid that `brought_to` takes besides the slabs.

    Args:
        channels: C.
        before: slices of the grid that the stain is on.
        after: slices of the other grid.
    """
    return int(4 * channels * (4 + KERNEL * max(1.0, before / after)))


class _Planes:
    """Slices of slabs that follow each other, resampled in the plane; asked for in ascending order."""

    def __init__(self, slabs: Iterable[NDArray[np.uint8]], after: Shape) -> None:
        self._slabs, self._plane = iter(slabs), after[1:]
        self._start = 0
        self._slab: NDArray[np.uint8] = np.empty((0, 0, 0, 0), np.uint8)

    def at(self, index: int) -> NDArray[np.float32]:
        """(C, Y, X) float32."""
        while index >= self._start + self._slab.shape[1]:
            self._start += self._slab.shape[1]
            self._slab = np.empty((0, 0, 0, 0), np.uint8)  # not two at once in memory
            self._slab = next(self._slabs)
        colours = self._slab[:, index - self._start].astype(np.float32)
        return np.stack([resize_ct(colour, self._plane) for colour in colours])
