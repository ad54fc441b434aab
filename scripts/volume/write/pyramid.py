"""Halving the resolution of a stained slab."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def halve(slab: NDArray[np.uint8], along_z: bool = True) -> NDArray[np.uint8]:
    """Average 2 x 2 x 2 voxels, or 2 x 2 pixels of each slice, to one, rounded half up.

    Where a side is odd the last voxel stands for the missing one.

    Args:
        slab: uint8 (n, Y, X).
        along_z: whether neighbouring slices are averaged too.

    Returns:
        uint8 (ceil(n / 2) or n, ceil(Y / 2), ceil(X / 2)).
    """
    step = 2 if along_z else 1
    count, height, width = slab.shape
    halved = np.empty((-(-count // step), -(-height // 2), -(-width // 2)), np.uint8)
    for index in range(len(halved)):  # slice by slice: the sums take twice the memory of the levels
        first = _sum_of_four(slab[step * index])
        if along_z:
            first += _sum_of_four(slab[min(2 * index + 1, count - 1)])
        halved[index] = (first + 2 * step) // (4 * step)
    return halved


def _sum_of_four(image: NDArray[np.uint8]) -> NDArray[np.uint16]:
    rows = image[0::2].astype(np.uint16)
    rows[: len(image) // 2] += image[1::2]
    if len(image) % 2:
        rows[-1] += image[-1]
    columns = rows[:, 0::2].copy()
    columns[:, : image.shape[1] // 2] += rows[:, 1::2]
    if image.shape[1] % 2:
        columns[:, -1] += rows[:, -1]
    return columns
