"""The stain of a volume as OME-Zarr, written slab by slab, in any order and by several processes.

OME-NGFF 0.4 on zarr's format 2, which every viewer reads: axes (c, z, y, x), channels red, green, blue. A slab covers
whole chunks at all levels of the pyramid, so no chunk has two writers and writing a slab again gives the same files.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import zarr
from numpy.typing import NDArray

from scripts.data.spans import spans
from scripts.volume.read.zarr.opening import ZARR_2, open_array
from scripts.volume.write.ngff import multiscales, omero
from scripts.volume.write.pyramid import halve
from scripts.volume.write.stored import settle_files
from scripts.whole import partial_of, settle, sync_folder

CHUNK_SIDE = 256
CHUNK_DEPTH = 32  # at most; a chunk of one colour then takes 2 MB before compression
SMALLEST_LEVEL = 256  # the pyramid ends with the level whose longer side in the slice is no longer than this
COLOURS = (("red", "FF0000"), ("green", "00FF00"), ("blue", "0000FF"))


class StainStore:
    """An OME-Zarr of (C, Z, Y, X) uint8 with its pyramid.

    Args:
        path: the folder.
        shape: (Z, Y, X) of the volume.
        slab_size: slices per slab; slabs start at its multiples.
        channels: label and colour of each.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        shape: tuple[int, int, int],
        slab_size: int,
        channels: Sequence[tuple[str, str]] = COLOURS,
    ) -> None:
        self.path, self.shape, self.slab_size, self.channels = Path(path), shape, slab_size, channels
        self.depth = max(depth for depth in range(1, min(slab_size, CHUNK_DEPTH) + 1) if slab_size % depth == 0)
        self.levels = list(self._levels())
        self._arrays: list[Any] = []

    def _levels(self) -> Iterator[tuple[int, int]]:
        """Factors (z, yx) of each level to the full resolution: z is halved as often as the chunks' depth allows."""
        z = yx = 1
        yield z, yx
        while max(self.shape[1:]) > SMALLEST_LEVEL * yx:
            z, yx = (2 * z if self.depth % (2 * z) == 0 else z), 2 * yx
            yield z, yx

    def create(self, name: str, spacing: tuple[float, float, float] | None, affine: NDArray[np.float64] | None) -> None:
        """Make the folder with all metadata and no voxels yet; where it is there, put damaged metadata right.

        Args:
            name: what viewers show.
            spacing: voxel size (z, y, x) in mm.
            affine: from (x, y, z) indices to mm; OME-Zarr 0.4 has a place for its origin alone, so all of it is an
                attribute of our own.
        """
        partial = partial_of(self.path)
        group = open_new_group(partial)
        for level, (z, _) in enumerate(self.levels):
            sides = self._sides(level)
            chunks = (1, self.depth // z, min(CHUNK_SIDE, sides[1]), min(CHUNK_SIDE, sides[2]))
            create_array(group, str(level), (len(self.channels), *sides), chunks)
        group.attrs.update(self._attributes(name, spacing, affine))
        put_in_place(partial, self.path)

    def _sides(self, level: int) -> tuple[int, int, int]:
        z, yx = self.levels[level]
        return -(-self.shape[0] // z), -(-self.shape[1] // yx), -(-self.shape[2] // yx)

    def _attributes(
        self, name: str, spacing: tuple[float, float, float] | None, affine: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "multiscales": multiscales(name, spacing, self.levels, affine),
            "omero": omero(name, self.channels, self.shape[0]),
        }
        if affine is not None:
            attributes["affine_xyz_to_mm"] = np.asarray(affine, float).tolist()
        return attributes

    def array(self, level: int = 0) -> Any:
        """The zarr array (C, z, y, x) of a level."""
        if not self._arrays:
            self._arrays = [open_array(self.path / str(index), mode="r+") for index in range(len(self.levels))]
        return self._arrays[level]

    def write(self, start: int, slab: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Write a slab, or several that follow each other, at all levels.

        Args:
            start: its first slice, a multiple of `slab_size`.
            slab: uint8 (C, n, Y, X), of whole slabs or up to the volume's end.

        Returns:
            For each level uint8 (n, 32): the SHA-256 of each slice, of its channels' planes one after the other.
        """
        digests: list[list[Any]] = [[] for _ in self.levels]
        for colour in range(len(self.channels)):
            levels = slab[colour]
            for level, (z, _) in enumerate(self.levels):
                if level:
                    levels = halve(levels, along_z=z > self.levels[level - 1][0])
                self.array(level)[colour, start // z : start // z + len(levels)] = levels
                digests[level] = digests[level] or [hashlib.sha256() for _ in levels]
                for image, digest in zip(levels, digests[level], strict=True):
                    digest.update(np.ascontiguousarray(image))
        return [np.array([list(digest.digest()) for digest in level], np.uint8) for level in digests]

    def files(self, start: int, stop: int) -> Iterator[Path]:
        """The files of a slab's chunks, at all levels, whether they are there or not."""
        rows = range(start // self.depth, -(-stop // self.depth))
        for level in range(len(self.levels)):
            across = (range(-(-side // min(CHUNK_SIDE, side))) for side in self._sides(level)[1:])
            for place in itertools.product(range(len(self.channels)), rows, *across):
                yield self.path.joinpath(str(level), *map(str, place))

    def slabs(self) -> Iterator[NDArray[np.uint8]]:
        """Read it back as uint8 (n, Y, X, C), a row of chunks at a time."""
        for start, stop in spans(self.shape[0], self.depth):
            yield np.moveaxis(self.array()[:, start:stop], 0, -1)


_FORMAT: dict[str, Any] = {} if ZARR_2 else {"zarr_format": 2}


def open_new_group(path: Path) -> Any:
    """A new, empty group of zarr format 2, in a store of its own: zarr takes a path `a::b` for another folder."""
    store: Any = zarr.DirectoryStore(str(path)) if ZARR_2 else zarr.storage.LocalStore(path)
    return zarr.open_group(store, mode="w", **_FORMAT)


def create_array(group: Any, name: str, shape: tuple[int, ...], chunks: tuple[int, ...]) -> None:
    """A format 2 array whose chunks lie in nested folders, as OME-NGFF 0.4 has them, by either version of zarr."""
    compressor = numcodecs.Blosc("zstd", clevel=1, shuffle=numcodecs.Blosc.SHUFFLE)
    options: dict[str, Any] = {"shape": shape, "chunks": chunks, "dtype": "u1", "fill_value": 0}
    if ZARR_2:
        group.create_dataset(name, compressor=compressor, dimension_separator="/", **options)
    else:
        separator = {"name": "v2", "separator": "/"}
        group.create_array(name, compressors=compressor, chunk_key_encoding=separator, **options)


def put_in_place(partial: Path, path: Path) -> None:
    """Give a new Zarr without voxels its name; where there is one of that name, put its damaged metadata right."""
    new = [file for file in sorted(partial.rglob("*")) if file.is_file()]
    if not path.exists():
        settle_files(partial, new)
        partial.rename(path)
        sync_folder(path.parent)
        return
    for file in new:
        there = path / file.relative_to(partial)
        if not there.is_file() or there.read_bytes() != file.read_bytes():
            there.parent.mkdir(parents=True, exist_ok=True)
            settle(file, there)
    shutil.rmtree(partial)
