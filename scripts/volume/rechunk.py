"""A copy of a volume that can be sliced along any axis without reading it whole each time."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np

from scripts.inferers.tiles import spans
from scripts.volume.volume import Volume

CUBE = 32  # voxels, side of a chunk: a slab of that thickness along any axis reads each of its chunks once
DATASET = "ct"


def copy_in_cubes(volume: Volume, path: Path) -> Path:
    """Copy a volume to an HDF5 file of cubic chunks, in one pass; a copy that is there already is kept.

    Takes as much space on disk as the volume's voxels.
    """
    if path.exists():
        return path
    partial = path.with_name(path.name + ".partial")
    with h5py.File(partial, "w") as file:
        chunks = (min(CUBE, volume.shape[0]), min(CUBE, volume.shape[1]), min(CUBE, volume.shape[2]))
        copy = file.create_dataset(DATASET, volume.shape, volume.dtype, chunks=chunks)
        for start, stop in spans(volume.shape[0], CUBE):
            copy[start:stop] = volume.read(start, stop)
    os.replace(partial, path)
    return path


class SidewaysVolume(Volume):
    """A volume sliced along y or x, read from a copy in cubes.

    A slice along y is (Z, X), one along x is (Z, Y): the volume's z runs down the rows.

    Args:
        path: file written by `copy_in_cubes`.
        axis: ``y`` or ``x``.
        name: what error messages call it, the original's path.
    """

    def __init__(self, path: Path, axis: str, name: str) -> None:
        self.path, self.files, self.source = Path(name), [path], str(path)
        self._file = h5py.File(path, "r")
        self._copy = self._file[DATASET]
        self._axis = "zyx".index(axis)
        z, y, x = self._copy.shape
        self.shape = (y, z, x) if axis == "y" else (x, z, y)
        self.dtype = self._copy.dtype
        self._thick: tuple[int, np.ndarray] = (-1, np.empty(0))  # the last layer of chunks that was read

    def _read(self, start: int, stop: int) -> np.ndarray:
        return np.stack([self._slice(index) for index in range(start, stop)])

    def _slice(self, index: int) -> np.ndarray:
        layer = index // CUBE
        if self._thick[0] != layer:
            place = slice(layer * CUBE, min((layer + 1) * CUBE, self.shape[0]))
            chosen = (slice(None), place) if self._axis == 1 else (slice(None), slice(None), place)
            self._thick = (layer, np.moveaxis(self._copy[chosen], self._axis, 0))
        return self._thick[1][index - layer * CUBE]

    def close(self) -> None:
        """Close the file."""
        self._file.close()
