"""Which voxels a page shows: those of the volume, or means of blocks of them where there are too many."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from scripts.errors import InputError

#: Voxels of a page at most. In the browser they take 5 bytes each, 120 MB, which a phone has.
VOXELS = 24_000_000

#: Sides of a block: those that a level of the pyramid has, and three of its voxels.
SIDES = sorted({factor * 2**power for factor in (1, 3) for power in range(15)})


@dataclass(frozen=True)
class Grid:
    """Blocks of a volume's voxels.

    Attributes:
        volume: (Z, Y, X) of the volume.
        block: voxels (z, y, x) of a block; the last blocks may have fewer.
    """

    volume: tuple[int, int, int]
    block: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Blocks (z, y, x)."""
        z, y, x = (-(-side // length) for side, length in zip(self.volume, self.block, strict=True))
        return z, y, x


def choose_grid(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], size: int, voxels: int = VOXELS
) -> Grid:
    """The finest grid that fits, its blocks as nearly cubes as they can be.

    Args:
        shape: (Z, Y, X) of the volume.
        spacing: voxel size (z, y, x), in any unit.
        size: blocks along any side at most.
        voxels: blocks in all at most.

    Raises:
        InputError: a voxel so much longer than wide that no grid fits.
    """
    finest = min(spacing)
    for length in SIDES:
        z, y, x = (_block(length * finest / side) for side in spacing)
        grid = Grid(shape, (z, y, x))
        if max(grid.shape) <= size and math.prod(grid.shape) <= voxels:
            return grid
    raise InputError(f"Voxels of {' x '.join(f'{side:g}' for side in spacing)} mm (z, y, x) are too far from cubes.")


def _block(length: float) -> int:
    # a voxel size from a float32 header is off by 1e-7
    return max((side for side in SIDES if side <= length * (1 + 1e-5)), default=1)


def block_mean(voxels: npt.NDArray[Any], block: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """Mean of each block, over as many voxels as the blocks at the end have.

    Args:
        voxels: (n, Y, X, C), uint8 or float.
        block: (z, y, x).

    Returns:
        float32 (ceil(n / z), ceil(Y / y), ceil(X / x), C).
    """
    mean = voxels.astype(np.float32)
    for axis, length in enumerate(block):
        if length > 1:
            starts = np.arange(0, mean.shape[axis], length)
            counts = np.minimum(length, mean.shape[axis] - starts).astype(np.float32)
            sums = np.add.reduceat(mean, starts, axis=axis)
            mean = sums / counts.reshape([-1 if other == axis else 1 for other in range(4)])
    return mean
