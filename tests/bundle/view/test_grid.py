"""Which voxels a page shows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bundle.view.grid import VOXELS, Grid, block_mean, choose_grid
from scripts.errors import InputError

Triple = tuple[float, float, float]


@pytest.mark.parametrize(
    ("shape", "spacing", "size", "block"),
    [
        ((48, 384, 384), (1, 1, 1), 1024, (1, 1, 1)),
        ((48, 384, 384), (1, 1, 1), 384, (1, 1, 1)),
        ((48, 384, 384), (1, 1, 1), 383, (2, 2, 2)),
        ((2000, 2000, 2000), (1, 1, 1), 1024, (8, 8, 8)),  # of 6 the page would have 37 million voxels
        ((90, 1000, 1000), (4, 1, 1), 500, (1, 2, 2)),  # slices far apart are kept
        ((90, 1000, 1000), (4, 1, 1), 250, (1, 4, 4)),
        ((1000, 1000, 100), (1, 1, 4), 250, (4, 4, 1)),
        ((48, 384, 384), (0.004999999888, 0.005, 0.005), 200, (2, 2, 2)),  # of a float32 header
        ((1, 3000, 3000), (1, 1, 1), 1024, (3, 3, 3)),
    ],
)
def test_the_finest_that_fits(
    shape: tuple[int, int, int], spacing: Triple, size: int, block: tuple[int, int, int]
) -> None:
    grid = choose_grid(shape, spacing, size)
    assert grid.block == block
    assert max(grid.shape) <= size
    assert math.prod(grid.shape) <= VOXELS


def test_the_last_blocks_may_have_fewer_voxels() -> None:
    assert Grid((7, 8, 9), (2, 4, 8)).shape == (4, 2, 2)


def test_voxels_like_needles() -> None:
    with pytest.raises(InputError, match="too far from cubes"):
        choose_grid((4000, 10, 10), (1e6, 1, 1), 1000)


def test_means_by_hand() -> None:
    voxels = np.array([[[0, 10, 20], [30, 40, 50]], [[60, 70, 80], [90, 101, 111]]], np.uint8)[..., None]
    mean = block_mean(voxels, (2, 2, 2))
    np.testing.assert_allclose(mean[..., 0], [[[(0 + 10 + 30 + 40 + 60 + 70 + 90 + 101) / 8, 261 / 4]]])


def test_blocks_of_one_are_the_voxels() -> None:
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4, 1)
    np.testing.assert_array_equal(block_mean(voxels, (1, 1, 1)), voxels)
