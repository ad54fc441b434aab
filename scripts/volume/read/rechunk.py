"""A copy of a volume that can be sliced along any axis without reading it whole each time.

A plain file: cubes of grey values one after the other, x fastest, then y, then z, and behind them the CRC-32 of each.
"""

from __future__ import annotations

import errno
import itertools
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.volume.read.volume import AXES, Volume
from scripts.whole import whole_file, writing

CUBE = 32  # voxels, side of a cube: a slab of that thickness along any axis reads each of its cubes once
REPEAT = "free some space and repeat the command"


class _Layout(NamedTuple):
    """Where the cubes of a volume lie.

    Attributes:
        shape: (Z, Y, X).
        dtype: of the grey values.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]

    @property
    def cube(self) -> tuple[int, int, int]:
        z, y, x = self.shape
        return min(CUBE, z), min(CUBE, y), min(CUBE, x)

    @property
    def counts(self) -> tuple[int, int, int]:
        z, y, x = (-(-side // length) for side, length in zip(self.shape, self.cube, strict=True))
        return z, y, x

    @property
    def cube_bytes(self) -> int:
        return int(np.prod(self.cube)) * self.dtype.itemsize

    @property
    def checksums_at(self) -> int:
        return int(np.prod(self.counts, dtype=np.int64)) * self.cube_bytes

    @property
    def file_bytes(self) -> int:
        return self.checksums_at + 4 * int(np.prod(self.counts, dtype=np.int64))

    def place_of(self, z: int, y: int, x: int) -> int:
        return (z * self.counts[1] + y) * self.counts[2] + x


def copy_in_cubes(volume: Volume, path: Path) -> Path:
    """Copy a volume to a file of cubes, in one pass; a copy that is there already is kept if it has the right size.

    Takes as much space on disk as the volume's voxels, which is reserved at once.

    Raises:
        InputError: the disk is full or refuses the file; damaged slices.
    """
    layout = _Layout(volume.shape, volume.dtype)
    if path.exists() and path.stat().st_size == layout.file_bytes:
        return path
    copy = f"The copy of {volume.source} in {path.parent}, which takes {-(-layout.file_bytes // 10**6)} MB,"
    with writing(copy, full=REPEAT), whole_file(path) as partial, partial.open("wb") as file:
        _reserve(file, layout.file_bytes)
        checksums = [_written(file, cube) for cube in _cubes(volume, layout)]
        file.write(np.array(checksums, "<u4").tobytes())
    return path


def _reserve(file: IO[bytes], size: int) -> None:
    """Have the disk set space aside, so that a full one is noticed before hours of work; not all systems can."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise


def _written(file: IO[bytes], cube: NDArray[Any]) -> int:
    content = cube.tobytes()
    file.write(content)
    return zlib.crc32(content)


def _cubes(volume: Volume, layout: _Layout) -> Iterator[NDArray[Any]]:
    """All cubes in order, those at the far sides filled up with zeros."""
    _, height, width = layout.cube
    for start, stop in spans(volume.shape[0], CUBE):
        layer = volume.read(start, stop)
        for y, x in itertools.product(range(layout.counts[1]), range(layout.counts[2])):
            part = layer[:, y * height : (y + 1) * height, x * width : (x + 1) * width]
            cube = np.zeros(layout.cube, layout.dtype)
            cube[: part.shape[0], : part.shape[1], : part.shape[2]] = part
            yield cube


class SidewaysVolume(Volume):
    """A volume sliced along y or x, read from a copy in cubes.

    A slice along y is (Z, X), one along x is (Z, Y): the volume's z runs down the rows.

    Args:
        path: file written by `copy_in_cubes`.
        shape: (Z, Y, X) of the original.
        dtype: of its grey values.
        axis: ``y`` or ``x``.
        name: what error messages call it, the original's path.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int], dtype: np.dtype[Any], axis: str, name: str) -> None:
        self.path, self.files, self.source = Path(name), [path], str(path)
        self._layout = _Layout(shape, dtype)
        self._file = path.open("rb")
        self._file.seek(self._layout.checksums_at)
        self._checksums = np.frombuffer(self._file.read(), "<u4")
        self._axis = AXES.index(axis)
        z, y, x = shape
        self.shape = (y, z, x) if axis == "y" else (x, z, y)
        self.dtype = dtype
        self._thick: tuple[int, NDArray[Any]] = (-1, np.empty(0))  # the last layer of cubes that was read

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return np.stack([self._slice(index) for index in range(start, stop)])

    def _slice(self, index: int) -> NDArray[Any]:
        layer = index // CUBE
        if self._thick[0] != layer:
            self._thick = (-1, np.empty(0))  # not both at once in memory
            self._thick = (layer, self._layer(layer))
        image: NDArray[Any] = self._thick[1][index - layer * CUBE]
        return image

    def _layer(self, layer: int) -> NDArray[Any]:
        """Slices (n, rows, columns) of one layer of cubes."""
        layout, across = self._layout, 3 - self._axis  # the axis that runs along the columns: x of y, y of x
        thickness = min(CUBE, self.shape[0] - layer * CUBE)
        slices = np.empty((thickness, *self.shape[1:]), self.dtype)
        for row, column in itertools.product(range(layout.counts[0]), range(layout.counts[across])):
            place = (row, layer, column) if self._axis == 1 else (row, column, layer)
            cube = np.moveaxis(self._cube(*place), self._axis, 0)
            top, left = row * layout.cube[0], column * layout.cube[across]
            target = slices[:, top : top + layout.cube[0], left : left + layout.cube[across]]
            target[:] = cube[:thickness, : target.shape[1], : target.shape[2]]
        return slices

    def _cube(self, z: int, y: int, x: int) -> NDArray[Any]:
        index = self._layout.place_of(z, y, x)
        self._file.seek(index * self._layout.cube_bytes)
        content = self._file.read(self._layout.cube_bytes)
        if zlib.crc32(content) != self._checksums[index]:
            raise InputError(
                f"{self.source}, a copy of {self.path}, was damaged since it was made: remove that file and repeat "
                "the command."
            )
        return np.frombuffer(content, self.dtype).reshape(self._layout.cube)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
