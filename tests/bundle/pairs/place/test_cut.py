"""Tests of the geometry of cuts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bundle.pairs.place.cut import POSE, Cut, Frame, bending, bump, grid_of, linear, locate, turned

UPRIGHT = Frame(torch.tensor([10.0, 20.0, 30.0]), torch.eye(3))


def pose(**values: float) -> torch.Tensor:
    return torch.tensor([float(values.get(name, 0)) for name in POSE])


def test_no_pose_is_the_frame() -> None:
    at = torch.tensor([[0.0, 0.0], [2.0, -3.0]])
    assert locate(UPRIGHT, pose()[None], at)[0].tolist() == [[10, 20, 30], [10, 22, 27]]


def test_shifts() -> None:
    moved = locate(UPRIGHT, pose(depth=5, rows=-1, columns=2)[None], torch.zeros(1, 2))
    assert moved[0, 0].tolist() == [15, 19, 32]


def test_a_quarter_turn() -> None:
    # Rows lead along the columns, columns against the rows.
    moved = locate(UPRIGHT, pose(turn=np.pi / 2)[None], torch.tensor([[3.0, 0.0], [0.0, 3.0]]))
    np.testing.assert_allclose(moved[0], [[10, 20, 33], [10, 17, 30]], atol=1e-4)


@pytest.mark.parametrize("angles", [(0.1, 0.0, 0.0), (0.0, 0.2, 0.0), (0.05, -0.1, 0.15)])
def test_rotations_are_those_of_scipy(angles: tuple[float, float, float]) -> None:
    """A rotation vector along (z, y, x), those axes taken as right-handed in this order."""
    ours = turned(pose(**dict(zip(POSE[:3], angles, strict=True)))[None])[0]
    np.testing.assert_allclose(ours, Rotation.from_rotvec(angles).as_matrix(), atol=1e-6)


def test_stretch_is_exponential() -> None:
    np.testing.assert_allclose(
        linear(pose(stretch_rows=np.log(1.1), stretch_columns=np.log(0.9))[None])[0], [[1.1, 0], [0, 0.9]], atol=1e-6
    )


def test_bumps_at_their_control_points() -> None:
    size = (31, 61)
    bumps = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(0))
    corners = torch.tensor([[-15.0, -30.0], [15.0, 30.0], [-15.0, 0.0]])
    np.testing.assert_allclose(
        bump(bumps, corners, size), torch.stack([bumps[:, 0, 0], bumps[:, 3, 6], bumps[:, 0, 3]]), atol=1e-5
    )


def test_bending_costs_an_affine_map_nothing() -> None:
    rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(6.0), indexing="ij")
    affine = torch.stack([rows, 2 * columns, rows - columns + 3])
    np.testing.assert_allclose(bending(affine), 0, atol=1e-9)
    # A square has the second difference 2, squared 4; a product the mixed difference 1, counted twice.
    np.testing.assert_allclose(bending(torch.stack([rows**2, columns**2, rows * columns])), [4, 4, 2], atol=1e-6)


def test_the_determinant_of_a_stretch() -> None:
    cut = Cut(
        UPRIGHT, pose(stretch_rows=np.log(1.2), stretch_columns=np.log(0.5), turn=0.3), torch.zeros(3, 4, 4), (20, 20)
    )
    np.testing.assert_allclose(cut.fold(), 0.6, atol=1e-5)


def test_a_fold_has_a_negative_determinant() -> None:
    bumps = torch.zeros(3, 4, 4)
    bumps[1, 1], bumps[1, 2] = 30, -30  # rows pass each other
    determinant = Cut(UPRIGHT, pose(), bumps, (40, 40)).fold()
    assert determinant[20, 20] < 0 < determinant[2, 20]


def test_places_are_those_of_each_pixel() -> None:
    cut = Cut(UPRIGHT, pose(depth=1), torch.full((3, 4, 4), 0.5), (5, 7))
    places = cut.places()
    assert places.shape == (5, 7, 3)
    np.testing.assert_allclose(places[0, 0], [11.5, 18.5, 27.5], atol=1e-5)
    np.testing.assert_allclose(grid_of((5, 7))[0, 0], [-2, -3])
