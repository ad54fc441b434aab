"""The change from slice to slice, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.volume.write.flicker import change_between_slices, grid_step, mean_change

STACK = np.array([[[0, 10]], [[4, 10]], [[4, 0]]], np.uint8)  # changes by (4 + 0) / 2, then by (0 + 10) / 2


def test_sum_and_number_of_pairs() -> None:
    assert change_between_slices(STACK) == (7.0, 2)


def test_mean() -> None:
    assert mean_change(STACK) == 3.5


def test_levels_do_not_wrap_around() -> None:
    assert mean_change(np.array([[0], [255], [0]], np.uint8)) == 255.0


def test_a_single_slice_has_no_pairs() -> None:
    assert change_between_slices(STACK[:1]) == (0.0, 0)


@pytest.mark.parametrize(
    ("shape", "step"), [((10, 20), 1), ((512, 3), 1), ((1023, 3), 1), ((1024, 3), 2), ((3, 4096), 8)]
)
def test_large_slices_are_compared_at_some_points(shape: tuple[int, int], step: int) -> None:
    assert grid_step(shape) == step
