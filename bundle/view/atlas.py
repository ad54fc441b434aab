"""Slices of a volume as few JPEG images, which a browser decodes faster than anything else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE = 2048  # of an image: no phone refuses a canvas of that size
BLOCK = 8  # JPEG's: slices that begin at its multiples do not bleed into each other


@dataclass(frozen=True)
class Tiling:
    """How slices lie in an image, row by row.

    Attributes:
        height: of a slice with its margin, a multiple of 8.
        width: of a slice with its margin, a multiple of 8.
        columns: slices beside each other.
        rows: slices below each other at most.
    """

    height: int
    width: int
    columns: int
    rows: int


def tiling_of(height: int, width: int, depth: int) -> Tiling:
    """The largest images of slices (height, width) that have no more pixels a side than `SIDE`."""
    tall, wide = (-(-side // BLOCK) * BLOCK for side in (height, width))
    columns = min(depth, max(1, SIDE // wide))
    return Tiling(tall, wide, columns, min(-(-depth // columns), max(1, SIDE // tall)))


def atlases(voxels: npt.NDArray[np.uint8], tiling: Tiling, quality: int) -> Iterator[bytes]:
    """Compress slices.

    Colours are not subsampled: a cement line is as sharp as its grey.

    Args:
        voxels: uint8 (z, y, x, 1 or 3).
        tiling: how they lie.
        quality: of JPEG, 1 to 95.

    Yields:
        JPEG files, each with the slices that follow those of the one before.
    """
    depth, height, width, channels = voxels.shape
    each = tiling.columns * tiling.rows
    for first in range(0, depth, each):
        slices = voxels[first : first + each]
        rows = -(-len(slices) // tiling.columns)
        sheet = np.zeros((rows * tiling.height, tiling.columns * tiling.width, channels), np.uint8)
        for index, image in enumerate(slices):
            top, left = index // tiling.columns * tiling.height, index % tiling.columns * tiling.width
            margins = ((0, tiling.height - height), (0, tiling.width - width), (0, 0))
            sheet[top : top + tiling.height, left : left + tiling.width] = np.pad(image, margins, mode="edge")
        file = io.BytesIO()
        picture = Image.fromarray(sheet if channels == 3 else sheet[..., 0])
        picture.save(file, "JPEG", quality=quality, subsampling=0)
        yield file.getvalue()
