"""Stains made along one axis, kept until those of all axes are fused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scripts.inferers.tiles import spans
from scripts.volume.stain_store import create_array, open_new_group
from scripts.volume.staining import AXES
from scripts.volume.zarr_opening import open_array

CHUNK_SIDE = 64


class AxisStore:
    """A zarr array (C, Z, Y, X) uint8 that is written in slabs along an axis and read in slabs along z.

    Args:
        path: folder of a zarr group that holds it.
        shape: (Z, Y, X).
        axis: along which the slabs lie, ``z``, ``y`` or ``x``.
        slab_size: slices per slab.
        channels: C.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], axis: str, slab_size: int, channels: int = 3) -> None:
        self.path, self.shape, self.slab_size, self.channels = path, shape, slab_size, channels
        self._axis = 1 + AXES.index(axis)
        self._array: Any = None

    def create(self) -> None:
        """Make the array, unless it is there."""
        if not self.path.exists():
            partial = self.path.with_name(self.path.name + ".partial")
            chunks = [self.channels, *(min(CHUNK_SIDE, side) for side in self.shape)]
            chunks[self._axis] = min(self.slab_size, self.shape[self._axis - 1])
            create_array(open_new_group(partial), "0", (self.channels, *self.shape), tuple(chunks))
            partial.rename(self.path)

    @property
    def array(self) -> Any:
        if self._array is None:
            self._array = open_array(self.path / "0", mode="r+")
        return self._array

    def write(self, start: int, slab: np.ndarray) -> None:
        """Write a slab (C, n, rows, columns): of slices (Y, X) along z, (Z, X) along y, (Z, Y) along x."""
        place: list[slice] = [slice(None)] * 4
        place[self._axis] = slice(start, start + slab.shape[1])
        self.array[tuple(place)] = np.moveaxis(slab, 1, self._axis)


class Fused(Protocol):
    """What `fuse` writes to: a `StainStore` or several."""

    def write(self, start: int, slab: np.ndarray) -> None: ...


def fuse(stores: Sequence[AxisStore], fused: Fused) -> None:
    """Write the mean of several stains, rounded half up, slab by slab; likewise of their uncertainties."""
    count, first = len(stores), stores[0]
    for start, stop in spans(first.shape[0], first.slab_size):
        slab = np.empty((first.channels, stop - start, *first.shape[1:]), np.uint8)
        for colour in range(first.channels):
            total = np.zeros(slab.shape[1:], np.uint16)
            for store in stores:
                total += store.array[colour, start:stop]
            slab[colour] = (2 * total + count) // (2 * count)
        fused.write(start, slab)
