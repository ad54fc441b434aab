"""Grids of control points."""

from __future__ import annotations

import torch

from scripts.data.control_points import bending, grid_shape, spread


def test_shape_of_the_grid() -> None:
    assert grid_shape((401, 201), 50) == (9, 5)
    assert grid_shape((30, 30), 50) == (4, 4)  # cubic interpolation takes four


def test_the_outermost_lie_in_the_corners() -> None:
    points = torch.arange(40.0).reshape(2, 4, 5)
    field = spread(points, (31, 77))
    torch.testing.assert_close(field[:, [0, 0, -1, -1], [0, -1, 0, -1]], points[:, [0, 0, -1, -1], [0, -1, 0, -1]])


def test_bending_costs_an_affine_map_nothing() -> None:
    rows, columns = torch.meshgrid(torch.arange(5.0), torch.arange(4.0), indexing="ij")
    affine = torch.stack([2 * rows + 1, rows - 3 * columns, columns])
    torch.testing.assert_close(bending(affine), torch.zeros(3))
    curved = torch.stack([rows**2, columns**2, rows * columns])
    torch.testing.assert_close(bending(curved), torch.tensor([4.0, 4.0, 2.0]))
    torch.testing.assert_close(bending(curved[None], (0, 1, 2, 3)), torch.tensor(10 / 3))
