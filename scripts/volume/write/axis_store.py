"""Stains made along one axis, kept until those of all axes are fused."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.spans import spans
from scripts.volume.read.volume import AXES
from scripts.volume.read.zarr.opening import open_array
from scripts.volume.write.stain_store import create_array, open_new_group, put_in_place
from scripts.volume.write.stored import digest_of_files, settle_files
from scripts.whole import partial_of

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
        """Make the array; where it is there, put damaged metadata right."""
        partial = partial_of(self.path)
        create_array(open_new_group(partial), "0", (self.channels, *self.shape), (self.channels, *self._chunks))
        put_in_place(partial, self.path)

    @property
    def _chunks(self) -> tuple[int, ...]:
        chunks = [min(CHUNK_SIDE, side) for side in self.shape]
        chunks[self._axis - 1] = min(self.slab_size, self.shape[self._axis - 1])
        return tuple(chunks)

    @property
    def array(self) -> Any:
        if self._array is None:
            self._array = open_array(self.path / "0", mode="r+")
        return self._array

    def write(self, start: int, slab: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Write a slab (C, n, rows, columns): of slices (Y, X) along z, (Z, X) along y, (Z, Y) along x.

        Returns:
            ``stored``, uint8 (1, 32): what `stored` finds as long as the slab is whole.
        """
        place: list[slice] = [slice(None)] * 4
        stop = start + slab.shape[1]
        place[self._axis] = slice(start, stop)
        self.array[tuple(place)] = np.moveaxis(slab, 1, self._axis)
        digest = settle_files(self.path, self.files(start, stop))
        return {"stored": np.frombuffer(digest, np.uint8)[None]}

    def files(self, start: int, stop: int) -> Iterator[Path]:
        """The files of a slab's chunks, whether they are there or not."""
        counts = [range(-(-side // length)) for side, length in zip(self.shape, self._chunks, strict=True)]
        counts[self._axis - 1] = range(start // self.slab_size, -(-stop // self.slab_size))
        for place in itertools.product([0], *counts):
            yield self.path.joinpath("0", *map(str, place))

    def stored(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Digest (1, 32) of a slab's files."""
        return np.frombuffer(digest_of_files(self.files(start, stop)), np.uint8)[None]


def fused(stores: Sequence[AxisStore]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The mean of several stains, rounded half up, and of their uncertainties: first slice and slab after slab."""
    count, first = len(stores), stores[0]
    for start, stop in spans(first.shape[0], first.slab_size):
        slab = np.empty((first.channels, stop - start, *first.shape[1:]), np.uint8)
        for colour in range(first.channels):
            total = np.zeros(slab.shape[1:], np.uint16)
            for store in stores:
                total += store.array[colour, start:stop]
            slab[colour] = (2 * total + count) // (2 * count)
        yield start, slab
