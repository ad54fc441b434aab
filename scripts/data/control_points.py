"""Smooth displacements given by a grid of control points, the outermost in the image's corners."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

FEWEST = 4  # along a side, which cubic interpolation takes


def grid_shape(size: Sequence[int], spacing: float) -> tuple[int, int]:
    """Rows and columns of control points for an image of (H, W) pixels, about `spacing` pixels apart, at least four."""
    rows, columns = (max(FEWEST, round((side - 1) / spacing) + 1) for side in size)
    return rows, columns


def spread(points: torch.Tensor, size: Sequence[int]) -> torch.Tensor:
    """The field (C, H, W) of control points (C, R, K), the outermost in the corners; cubic between them."""
    return F.interpolate(points[None], size=tuple(size), mode="bicubic", align_corners=True)[0]


def bending(points: torch.Tensor, over: Sequence[int] = (-2, -1)) -> torch.Tensor:
    """Mean squared second differences of control points (..., R, K): nothing for an affine map.

    MONAI's ``BendingEnergyLoss`` leaves the outermost points out.

    Args:
        points: displacements, R and K at least 3.
        over: dimensions that the mean is taken over; the default gives one value for each component.
    """
    dims = tuple(over)
    down, right = points.diff(dim=-2), points.diff(dim=-1)
    straight = down.diff(dim=-2).square().mean(dims) + right.diff(dim=-1).square().mean(dims)
    return straight + 2 * down.diff(dim=-1).square().mean(dims)
