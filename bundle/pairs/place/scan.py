"""The part of a scan in which a section is looked for, and the scan on the surface that was found."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from torch import Tensor
from torch.nn import functional as F

from bundle.pairs.place.cut import Frame
from scripts.data.image.precise import as_float
from scripts.data.padding import NO_PADDING, Padding, dark_end
from scripts.errors import InputError
from scripts.volume.read.volume import Volume

SLAB = 8  # slices that are read at once
OVER = 2  # slices beyond a slab that interpolation may need

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Box:
    """A part of a scan, averaged.

    Attributes:
        values: (D, H, W) in [0, 1].
        first: (3,) position of its first voxel's middle, in pixels of the section.
        step: (3,) its voxels' edges, in pixels of the section.
        limit: (3,) position of its far faces, which voxels of an average may reach beyond.
    """

    values: Tensor
    first: Tensor
    step: Tensor
    limit: Tensor

    def coarser(self, pixels: float) -> Box:
        """The same in voxels of about `pixels` along each side; at the far ends the last voxels are repeated."""
        kernel = [max(1, round(pixels / float(step))) for step in self.step]
        missing = [-side % size for side, size in zip(self.values.shape, kernel, strict=True)]
        padding = [width for side in reversed(missing) for width in (0, side)]
        values = F.avg_pool3d(F.pad(self.values[None, None], padding, "replicate"), kernel, kernel)[0, 0]
        sizes = torch.tensor(kernel, dtype=torch.float32)
        return Box(values, self.first + (sizes - 1) / 2 * self.step, self.step * sizes, self.limit)

    def sample(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Values at positions (..., 3), trilinear, and whether they lie within the box, 1 or 0.

        Returns:
            Two tensors of the shape of `places` without its last axis.
        """
        index = (places - self.first) / self.step
        size = torch.tensor(self.values.shape, dtype=torch.float32)
        grid = ((2 * index + 1) / size - 1).flip(-1)
        flat = grid.reshape(1, 1, 1, -1, 3)
        values = F.grid_sample(self.values[None, None], flat, "bilinear", "border", align_corners=False)
        inside = ((index > -0.5) & (places < self.limit)).all(-1)
        return values.reshape(places.shape[:-1]), inside.to(values.dtype)


def read_box(
    volume: Volume,
    voxel: Array,
    low: Array,
    high: Array,
    factor: int,
    window: tuple[float, float],
    padding: Padding = NO_PADDING,
) -> Box:
    """Read a part of a scan slab by slab, averaged to voxels of about `factor` pixels.

    Args:
        volume: the scan.
        voxel: (3,) edges of its voxels in pixels of the section.
        low: (3,) least position wanted.
        high: (3,) greatest position wanted.
        factor: pixels of the section; 1 leaves voxels of one pixel as they are.
        window: grey values that become 0 and 1.
        padding: grey values that are no tissue and become 0.

    Raises:
        InputError: the scan has nothing there; damaged slices; NaN.
    """
    shape = np.array(volume.shape)
    first = np.clip(np.floor(low / voxel), 0, shape - 1).astype(int)
    last = np.clip(np.ceil(high / voxel) + 1, 1, shape).astype(int)
    if (last - first < 1).any():
        raise InputError(f"{volume.source} has nothing where the section is said to lie: correct --plane.")
    factors = np.minimum(np.maximum(1, np.rint(factor / voxel).astype(int)), last - first)
    count = -(-(last - first) // factors)
    values = np.empty(count, np.float32)
    lo, hi = window
    missing = [(0, int(-side % size)) for side, size in zip((last - first)[1:], factors[1:], strict=True)]
    for z in range(count[0]):
        start = first[0] + z * factors[0]
        slab = _slab(volume, int(start), int(min(start + factors[0], last[0])), window, padding).mean(axis=0)
        part = np.pad(slab[first[1] : last[1], first[2] : last[2]], missing, mode="edge")
        part = part.reshape(count[1], factors[1], count[2], factors[2]).mean(axis=(1, 3))
        values[z] = np.clip((part - lo) / (hi - lo), 0, 1)
    if not np.isfinite(values).all():
        raise InputError(
            f"{volume.source} holds NaN or infinity where the section is looked for: fill it, with the lowest grey "
            "value where nothing was reconstructed, or repair the export."
        )
    at = (first + (factors - 1) / 2) * voxel
    return Box(torch.from_numpy(values), _tensor(at), _tensor(voxel * factors), _tensor((last - 0.5) * voxel))


def _slab(volume: Volume, start: int, stop: int, window: tuple[float, float], padding: Padding) -> Array:
    """Slices as floating-point numbers, padding at the window's low end."""
    stored = volume.read(start, stop)
    slab = as_float(stored, *window)
    padded = padding.where(stored)
    if padded is not None:
        slab[padded] = window[0]
    return slab


def around(frame: Frame, size: tuple[int, int], depth: float, tilt: float, shift: float) -> tuple[Array, Array]:
    """Least and greatest positions (3,) that a section may reach within such ranges.

    Args:
        frame: where it is supposed to lie.
        size: (H, W) of the section.
        depth: pixels along the normal.
        tilt: radians.
        shift: pixels in the plane.
    """
    half = np.array([side / 2 + shift for side in size])
    lift = depth + np.sin(tilt) * np.hypot(*half)
    axes, centre = frame.axes.numpy(), frame.centre.numpy()
    corners = [
        centre + axes @ np.array([a * lift, b * half[0], c * half[1]])
        for a, b, c in itertools.product((-1, 1), repeat=3)
    ]
    return np.min(corners, axis=0), np.max(corners, axis=0)


def on_surface(
    volume: Volume,
    voxel: Array,
    places: Tensor,
    window: tuple[float, float] | None = None,
    padding: Padding = NO_PADDING,
) -> tuple[Array, NDArray[np.bool_]]:
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
    inside: NDArray[np.bool_] = np.all((index > -0.5) & (index < shape - 0.5), axis=-1)
    index = np.clip(index, 0, shape - 1)
    window = window or (0.0, 1.0)
    values = np.zeros(index.shape[:-1], as_float(np.zeros(1, volume.dtype), *window).dtype)
    lowest = int(index[..., 0].min()) // SLAB * SLAB
    for start in range(lowest, int(index[..., 0].max()) + 1, SLAB):
        there = (index[..., 0] >= start) & (index[..., 0] < start + SLAB)
        if not there.any():
            continue
        stored = volume.read(start, min(start + SLAB + OVER, volume.shape[0]))
        slab = as_float(stored, *window)
        padded = padding.where(stored)
        at = (index[there] - [start, 0, 0]).T
        if padded is not None:
            slab[padded] = window[0]
        seen = map_coordinates(slab, at, order=1, mode="nearest")
        if padded is not None:
            seen[padded[tuple(np.rint(at).astype(int))]] = dark_end(padding, window[0])
        values[there] = seen
    return values, inside


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.asarray(array, np.float32))
