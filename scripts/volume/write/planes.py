"""The preview page of a stained volume: its middle planes beside those of the CT, and slices from all over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scripts.data.spans import spans
from scripts.volume.read.volume import Volume
from scripts.volume.write.preview import draw_preview, thumbnail_slices
from scripts.volume.write.stain_store import StainStore

LONGEST = 1024  # pixels of a plane on the page at most
THUMBNAILS = 12


def preview_of(
    path: Path, store: StainStore, ct_planes: Mapping[str, NDArray[np.uint8]], volume: Volume, lines: Sequence[str] = ()
) -> None:
    """Draw the page.

    Args:
        path: PNG to write.
        store: the stain.
        ct_planes: the CT's middle planes, uint8: xy (Y, X), xz (Z, X), yz (Z, Y).
        volume: for its voxel size and its name.
        lines: that stand below the name.
    """
    level = next(
        index
        for index, (_, yx) in enumerate(store.levels)
        if max(store.shape[1:]) <= LONGEST * yx or index == len(store.levels) - 1
    )
    stain = store.array(level)
    middle = [size // 2 for size in stain.shape[1:]]
    colours = {
        "xy": stain[:, middle[0]],
        "xz": _across(stain, middle[1]),
        "yz": _across(stain, slice(None), middle[2]),
    }
    spacing = volume.spacing or (1.0, 1.0, 1.0)
    sides = [length * size for length, size in zip(spacing, store.shape, strict=True)]
    extent = {"xy": (sides[1], sides[2]), "xz": (sides[0], sides[2]), "yz": (sides[0], sides[1])}
    planes = []
    for name, colour in colours.items():
        height, width = colour.shape[1:]
        ct = np.asarray(Image.fromarray(ct_planes[name]).resize((width, height), Image.Resampling.BOX))
        size = extent[name][0] / height, extent[name][1] / width
        planes.append((name, ct, np.moveaxis(colour, 0, -1), *size))
    smallest = len(store.levels) - 1
    thumbnails = store.array(smallest)
    sheet = [
        (f"z {z}", np.moveaxis(thumbnails[:, z // store.levels[smallest][0]], 0, -1))
        for z in thumbnail_slices(THUMBNAILS, store.shape[0])
    ]
    draw_preview(path, planes, sheet, volume.name, volume.spacing is not None, lines)


def _across(stain: Any, *place: int | slice) -> NDArray[np.uint8]:
    """A plane across all slices of a zarr array (3, z, y, x), given its place in y or in y and x.

    Read a row of chunks at a time: at once, zarr would have all of them in memory before it decompresses the first.
    """
    rows = spans(stain.shape[1], stain.chunks[1])
    return np.concatenate([stain[(slice(None), slice(start, stop), *place)] for start, stop in rows], axis=1)
