"""The scan on the surface where a section lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates
from torch import Tensor

from bundle.pairs.place.slab import read_slab
from scripts.data.image.precise import as_float
from scripts.data.padding import NO_PADDING, Padding, dark_end
from scripts.volume.read.volume import Volume

SLAB = 8  # slices that are read at once
OVER = 2  # slices beyond a slab that interpolation may need

Array = npt.NDArray[np.floating[Any]]


def on_surface(
    volume: Volume,
    voxel: Array,
    places: Tensor,
    window: tuple[float, float] | None = None,
    padding: Padding = NO_PADDING,
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """The scan's grey values on a surface, trilinear, read slab by slab whatever the size of the scan.

    Args:
        volume: the scan.
        voxel: (3,) edges of its voxels in pixels of the section.
        places: (H, W, 3) positions.
        window: within which grey values keep their differences; None: those that float32 keeps.
        padding: grey values that are no tissue: what is nearest to one becomes `dark_end`, and tissue beside it is
            interpolated as if the window's low end were there.

    Returns:
        Grey values (H, W), those of the nearest voxel beyond the scan's faces; and whether a pixel lies within the
        scan.
    """
    index = places.numpy().astype(np.float64) / voxel
    shape = np.array(volume.shape)
    inside: npt.NDArray[np.bool_] = np.all((index > -0.5) & (index < shape - 0.5), axis=-1)
    index = np.clip(index, 0, shape - 1)
    window = window or (0.0, 1.0)
    values = np.zeros(index.shape[:-1], as_float(np.zeros(1, volume.dtype), *window).dtype)
    lowest = int(index[..., 0].min()) // SLAB * SLAB
    for start in range(lowest, int(index[..., 0].max()) + 1, SLAB):
        there = (index[..., 0] >= start) & (index[..., 0] < start + SLAB)
        if not there.any():
            continue
        slab, padded = read_slab(volume, start, min(start + SLAB + OVER, volume.shape[0]), window, padding)
        at = (index[there] - [start, 0, 0]).T
        seen = map_coordinates(slab, at, order=1, mode="nearest")
        if padded is not None:
            seen[padded[tuple(np.rint(at).astype(int))]] = dark_end(padding, window[0])
        values[there] = seen
    return values, inside
