"""A stain or its uncertainty in a file, at one or several resolutions, read a few slices at a time."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from scripts.data.image.nifti import open_nifti, stored_array
from scripts.errors import InputError
from scripts.files.opening import NIFTI_SUFFIXES, has_suffix, reading
from scripts.volume.read.reader import open_volume
from scripts.volume.read.stream.stream import StreamVolume, Voxels
from scripts.volume.read.volume import Volume
from scripts.volume.read.zarr.ngff import ngff
from scripts.volume.read.zarr.opening import ZarrNode, inner, open_array, read_node
from scripts.volume.write.export import RGB24

logger = logging.getLogger(__name__)

SLICES = 32  # read at once where a format does not say

Slab = npt.NDArray[np.uint8]  # (n, y, x, channels), or as a format stores it


@dataclass(frozen=True)
class Level:
    """A stained volume at one resolution.

    Attributes:
        factors: voxels (z, y, x) of the volume in one voxel of the level.
        shape: (z, y, x, channels).
        depth: slices that are best read together.
        read: voxels (n, y, x, channels) of the slices from start to stop.
        chunks: the files that hold its voxels, none where the format is one file.
    """

    factors: tuple[int, int, int]
    shape: tuple[int, ...]
    depth: int
    read: Callable[[int, int], Slab]
    chunks: Callable[[], Iterator[Path]] = lambda: iter(())


@dataclass(frozen=True)
class Layer:
    """A stained volume in a file or folder, at one or several resolutions.

    Attributes:
        path: the file or folder.
        levels: its resolutions, the highest first.
        zeros_left_out: whether chunks of zeros may have no file.
    """

    path: Path
    levels: list[Level]
    zeros_left_out: bool = False


def open_layer(path: Path, channels: int, shape: tuple[int, int, int], zeros_left_out: bool = False) -> Layer:
    """Open an output of `run inference`.

    Args:
        path: OME-Zarr, OME-TIFF or NIfTI.
        channels: 3 for the stain, 1 for its uncertainty.
        shape: (Z, Y, X) that it must have.
        zeros_left_out: see `Layer`.

    Raises:
        InputError: damaged, or of another shape.
    """
    with reading(path):
        if path.is_dir():
            levels = _zarr_levels(path)
        elif has_suffix(path, NIFTI_SUFFIXES) and channels == 3:
            levels = [_whole(_rgb_nifti(path), lambda slab: slab.reshape(*slab.shape[:2], -1, 3))]
        elif channels == 3:
            levels = [_rgb_tiff(path)]
        else:
            levels = [_whole(_open_grey(path), lambda slab: slab[..., None])]
    found = levels[0].shape
    if found != (*shape, channels):
        expected = " x ".join(map(str, (*shape, channels)))
        raise InputError(
            f"{path} has {' x '.join(map(str, found))} values (z, y, x, channels), its record says {expected}: it is "
            "damaged or of another staining; copy it again or stain the volume again."
        )
    return Layer(path, levels, zeros_left_out)


def _zarr_levels(path: Path) -> list[Level]:
    levels: list[Level] = []
    finest: npt.NDArray[np.float64] | None = None
    for dataset in ngff(read_node(path))["multiscales"][0]["datasets"]:
        node = read_node(inner(path, dataset["path"]))
        array = open_array(node)
        scale = np.asarray(dataset["coordinateTransformations"][0]["scale"][1:], float)
        finest = scale if finest is None else finest
        z, y, x = (int(factor) for factor in np.rint(scale / finest))
        if array.ndim != 4 or array.dtype != np.uint8 or min(array.shape) < 1:
            raise OSError(f"its level {dataset['path']} has {array.ndim} axes of {array.dtype}, not 4 of uint8")

        def read(start: int, stop: int, array: Any = array) -> Slab:
            return np.moveaxis(array[:, start:stop], 0, -1)

        def chunks(node: ZarrNode = node) -> Iterator[Path]:
            counts = (-(-side // length) for side, length in zip(node.shape or (), node.chunks, strict=True))
            for numbers in itertools.product(*map(range, counts)):
                yield node.folder / node.chunk_name(numbers)

        levels.append(Level((z, y, x), (*array.shape[1:], array.shape[0]), array.chunks[1], read, chunks))
    if not levels:
        raise OSError("it names no level")
    _require_pyramid(levels)
    return levels


def _require_pyramid(levels: list[Level]) -> None:
    """Refuse levels that are no smaller images of the first."""
    for level in levels:
        sides = zip(levels[0].shape[:3], level.factors, strict=True)
        if min(level.factors) < 1 or level.shape[:3] != tuple(-(-side // factor) for side, factor in sides):
            raise OSError(f"its level of {level.shape} does not fit the scale {level.factors}")


def _rgb_nifti(path: Path) -> Volume:
    """Slices (Y, 3 X) of bytes: red, green and blue of the first voxel, then of the next."""
    image = open_nifti(path)
    proxy = stored_array(image)
    if proxy.dtype != RGB24:
        raise OSError(f"its voxels are {proxy.dtype}, not RGB24")
    x, y, z = (int(side) for side in (*image.shape, 1)[:3])
    compressed = has_suffix(path, (".gz",))
    return StreamVolume(path, (z, y, 3 * x), Voxels(path, np.dtype(np.uint8), compressed, skip=int(proxy.offset)))


def _open_grey(path: Path) -> Volume:
    volume = open_volume(path)
    if volume.dtype != np.uint8:
        raise OSError(f"its voxels are {volume.dtype}, not uint8")
    return volume


def _whole(volume: Volume, as_channels: Callable[[Slab], Slab]) -> Level:
    shape = as_channels(volume.read(0, 1)).shape[1:]
    return Level(
        (1, 1, 1), (volume.shape[0], *shape), SLICES, lambda start, stop: as_channels(volume.read(start, stop))
    )


def _rgb_tiff(path: Path) -> Level:
    with tifffile.TiffFile(path) as tif:
        shape = (len(tif.pages), *tif.pages[0].shape)

    def read(start: int, stop: int) -> Slab:
        with tifffile.TiffFile(path) as tif:
            return np.stack([tif.pages[z].asarray() for z in range(start, stop)])

    return Level((1, 1, 1), shape, SLICES, read)


def require_chunks(layer: Layer, level: Level) -> None:
    """Refuse a copy that was broken off: zarr reads a chunk that has no file as zeros, which look like black.

    Args:
        layer: the volume.
        level: the resolution that is to be read.

    Raises:
        InputError: a chunk is missing, and not because it holds zeros only.
    """
    missing = [chunk for chunk in level.chunks() if not chunk.is_file()]
    if not missing:
        return
    found = f"{layer.path} lacks {len(missing)} of its files, such as {missing[0].relative_to(layer.path)}"
    if not layer.zeros_left_out:
        raise InputError(f"{found}: it was not copied whole; copy it again or stain the volume again.")
    logger.warning(
        "%s: zarr 3 wrote it and leaves out what is 0; if it was copied, compare it with the original.", found
    )
