"""Stain, uncertainty and CT on the grid of a page, read a few slices at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bundle.shared.stained_layer import Layer, Level, require_chunks
from bundle.view.grid import Grid, block_mean
from scripts.data.padding import NO_PADDING, Padding
from scripts.data.window import window
from scripts.errors import InputError
from scripts.files.opening import reading
from scripts.volume.read.volume import Volume


def layer_on_grid(layer: Layer, grid: Grid, digests: Sequence[str] = ()) -> npt.NDArray[np.uint8]:
    """Read a stained volume from the lowest resolution that the grid's blocks are made of.

    Args:
        layer: the volume.
        grid: of the page.
        digests: of each level, SHA-256 over the SHA-256 of its slices, as the record has them; none are not compared.

    Returns:
        uint8 (z, y, x, channels).

    Raises:
        InputError: damaged, incomplete or another than the record's.
    """
    level = max(_fitting(layer, grid), key=lambda level: level.factors)
    require_chunks(layer, level)
    z, y, x = (side // factor for side, factor in zip(grid.block, level.factors, strict=True))
    means = np.empty((*grid.shape, level.shape[3]), np.uint8)
    step, digest = z * max(1, level.depth // z), hashlib.sha256()
    with reading(layer.path):
        for start in range(0, level.shape[0], step):
            slab = level.read(start, min(start + step, level.shape[0]))
            for image in slab:
                digest.update(hashlib.sha256(np.ascontiguousarray(np.moveaxis(image, -1, 0)).data).digest())
            for first in range(0, len(slab), z):  # a block at a time: as float32 a slab takes four times the memory
                block = block_mean(slab[first : first + z], (z, y, x))
                means[(start + first) // z] = np.rint(block[0])
    if digests and digest.hexdigest() not in digests[layer.levels.index(level) :][:1]:
        raise InputError(
            f"{layer.path} is not what its record describes: its voxels were changed since; copy it again or stain "
            "the volume again."
        )
    return means


def _fitting(layer: Layer, grid: Grid) -> Iterator[Level]:
    """Levels whose voxels fill the grid's blocks without remainder."""
    for level in layer.levels:
        if all(side % factor == 0 for side, factor in zip(grid.block, level.factors, strict=True)):
            yield level


def ct_on_grid(
    volume: Volume, grid: Grid, limits: tuple[float, float], padding: Padding = NO_PADDING
) -> tuple[npt.NDArray[np.uint8], str]:
    """Read a CT slice by slice, windowed and averaged to the grid.

    Args:
        volume: of the grid's shape.
        grid: of the page.
        limits: grey values that become 0 and 255; NaN and infinity become 0.
        padding: grey values that become 0 besides.

    Returns:
        uint8 (z, y, x, 1), and the SHA-256 over the SHA-256 of each slice's grey values, which a record has as well.

    Raises:
        InputError: damaged slices.
    """
    z, y, x = grid.block
    means = np.empty((*grid.shape, 1), np.uint8)
    digest = hashlib.sha256()
    for index in range(grid.shape[0]):
        total = np.zeros(grid.shape[1:], np.float32)
        places = range(index * z, min((index + 1) * z, volume.shape[0]))
        for place in places:
            values = volume.read(place, place + 1)[0]
            digest.update(hashlib.sha256(values.data).digest())
            seen = window(values, *limits)
            seen[~np.isfinite(values)] = 0
            padded = padding.where(values)
            if padded is not None:
                seen[padded] = 0
            total += block_mean(seen[None, ..., None], (1, y, x))[0, ..., 0]
        means[index, ..., 0] = np.rint(total / len(places) * 255)
    return means, digest.hexdigest()
