"""The part of a scan in which a section is looked for."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from bundle.pairs.place.cut import Frame
from bundle.pairs.place.slab import read_slab
from scripts.data.padding import NO_PADDING, Padding
from scripts.errors import InputError
from scripts.volume.read.volume import Volume

Array = npt.NDArray[np.floating[Any]]


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
        """The box in voxels of about `pixels` along each side; at the far ends the last voxels are repeated."""
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
        slab, _ = read_slab(volume, int(start), int(min(start + factors[0], last[0])), window, padding)
        part = np.pad(slab.mean(axis=0)[first[1] : last[1], first[2] : last[2]], missing, mode="edge")
        part = part.reshape(count[1], factors[1], count[2], factors[2]).mean(axis=(1, 3))
        # not by `window`, which rounds otherwise: the search, and what was measured of it, depends on the last digit
        values[z] = np.clip((part - lo) / (hi - lo), 0, 1)
    if not np.isfinite(values).all():
        raise InputError(
            f"{volume.source} holds NaN or infinity where the section is looked for: fill it, with the lowest grey "
            "value where nothing was reconstructed, or repair the export."
        )
    at = (first + (factors - 1) / 2) * voxel
    return Box(torch.from_numpy(values), _tensor(at), _tensor(voxel * factors), _tensor((last - 0.5) * voxel))


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


def _tensor(array: Array) -> Tensor:
    return torch.from_numpy(np.asarray(array, np.float32))
