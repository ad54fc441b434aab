"""Tests of guesses."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.pairs.options import Ranges
from bundle.pairs.place.guess import frames_of, parse_plane, ranges_of
from scripts.errors import InputError

ONES = np.ones(3)


def test_a_slice() -> None:
    z0, normal = parse_plane("120,0,0,1")
    assert z0 == 120
    np.testing.assert_array_equal(normal, [1, 0, 0])


def test_normals_are_of_length_one_and_point_up() -> None:
    np.testing.assert_allclose(parse_plane("7,0,-3,-4")[1], [0.8, 0.6, 0])
    np.testing.assert_allclose(parse_plane("7,-2,0,0")[1], [0, 0, 1])


@pytest.mark.parametrize("text", ["120", "1,2,3", "1,0,0,0", "a,0,0,1", "nan,0,0,1", "1,2,3,4,5"])
def test_no_plane(text: str) -> None:
    with pytest.raises(InputError, match="give z0,nx,ny,nz"):
        parse_plane(text)


def test_the_middle_without_a_plane() -> None:
    (frame,) = frames_of(None, (11, 21, 31), ONES, any_way=False)
    np.testing.assert_allclose(frame.centre, [5, 10, 15])
    np.testing.assert_allclose(frame.axes, np.eye(3))


def test_voxels_may_be_oblong() -> None:
    (frame,) = frames_of("4,0,0,1", (11, 21, 31), np.array([2.0, 1, 1]), any_way=False)
    np.testing.assert_allclose(frame.centre, [8, 10, 15])


@pytest.mark.parametrize("plane", ["5,0,0,1", "5,0.1,0.2,1", "5,0,1,0", "5,1,0,0"])
def test_frames_are_rotations_with_the_planes_normal(plane: str) -> None:
    for frame in frames_of(plane, (11, 21, 31), ONES, any_way=True):
        axes = frame.axes.numpy()
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(axes) == pytest.approx(1, abs=1e-5)
        assert abs(axes[:, 0] @ parse_plane(plane)[1]) == pytest.approx(1, abs=1e-5)


def test_eight_ways() -> None:
    frames = frames_of(None, (11, 21, 31), ONES, any_way=True)
    ways = {tuple(np.rint(frame.axes.numpy()[1:, 1:]).astype(int).ravel()) for frame in frames}
    assert len(ways) == 8  # in the plane: four turns of either face
    assert sorted({round(np.linalg.det(np.reshape(way, (2, 2)))) for way in ways}) == [-1, 1]


def test_a_slice_that_is_not_there() -> None:
    with pytest.raises(InputError, match="slices 0 to 10, 12 is none"):
        frames_of("12,0,0,1", (11, 21, 31), ONES, any_way=False)


def test_the_whole_depth_without_a_plane() -> None:
    assert ranges_of(Ranges(), None, (200, 9, 9), ONES).depth == 100
    assert ranges_of(Ranges(), "3,0,0,1", (200, 9, 9), ONES).depth == Ranges().depth
