"""Volumes in an array on disk that is cut by index: HDF5 datasets and zarr arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.volume.read.volume import Volume, locating


class ArrayVolume(Volume):
    """Voxels in an array that reads only what is cut out of it.

    Attributes:
        array: an HDF5 dataset or zarr array.
        axes: which axes of it are z, y and x, None for the z of a 2D array; all others have length one.
    """

    array: Any
    axes: tuple[int | None, int, int]

    def _set_array(self, array: Any, axes: tuple[int | None, int, int]) -> None:
        self.array, self.axes = array, axes
        z, y, x = axes
        self.shape = (1 if z is None else int(array.shape[z]), int(array.shape[y]), int(array.shape[x]))
        self.dtype = np.dtype(array.dtype).newbyteorder("=")

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        try:
            return self._cut(start, stop)
        except MemoryError:
            raise
        except Exception:
            # A chunk is damaged, and the decoder does not say which: see from which slice on.
            for index in range(start, stop):
                with locating(f"slice {index} of {self.shape[0]}"):
                    self._cut(index, index + 1)
            raise

    def _cut(self, start: int, stop: int) -> NDArray[Any]:
        z, y, x = self.axes
        where: list[int | slice] = [0] * len(self.array.shape)
        where[y] = where[x] = slice(None)
        if z is not None:
            where[z] = slice(start, stop)
        cut = np.asarray(self.array[tuple(where)])
        if z is None:
            return cut.transpose(np.argsort(np.argsort([y, x])))[None]
        return cut.transpose(np.argsort(np.argsort([z, y, x])))
