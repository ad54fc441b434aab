"""Halving against numpy's mean of blocks."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.volume.write.pyramid import halve


def block_mean(slab: np.ndarray, steps: tuple[int, int, int]) -> np.ndarray:
    """Mean of blocks, rounded half up, the last voxel repeated where a side is no multiple."""
    padded = np.pad(slab, [(0, -side % step) for side, step in zip(slab.shape, steps, strict=True)], mode="edge")
    blocks = [length for side, step in zip(padded.shape, steps, strict=True) for length in (side // step, step)]
    return np.floor(padded.reshape(blocks).mean(axis=(1, 3, 5)) + 0.5).astype(np.uint8)  # exact: quarters and eighths


@pytest.mark.parametrize("along_z", [True, False])
@pytest.mark.parametrize("shape", [(4, 6, 8), (5, 6, 8), (4, 7, 8), (4, 6, 9), (3, 5, 7), (1, 1, 1), (2, 1, 5)])
def test_is_the_mean_of_blocks(shape: tuple[int, int, int], along_z: bool) -> None:
    slab = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    np.testing.assert_array_equal(halve(slab, along_z), block_mean(slab, (2 if along_z else 1, 2, 2)))


@pytest.mark.parametrize(
    ("voxels", "mean"), [([0, 0, 0, 1], 0), ([0, 0, 1, 1], 1), ([255] * 4, 255), ([2, 3, 3, 3], 3)]
)
def test_rounds_half_up(voxels: list[int], mean: int) -> None:
    slab = np.array(voxels, np.uint8).reshape(1, 2, 2)
    assert halve(slab, along_z=False).tolist() == halve(slab).tolist() == [[[mean]]]


def test_leaves_its_argument_alone() -> None:
    slab = np.full((3, 3, 3), 7, np.uint8)
    halve(slab)
    assert (slab == 7).all()
