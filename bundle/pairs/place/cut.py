"""Where a section lies in its scan: a plane, a linear map onto it, and a smooth distortion.

Positions are (z, y, x) in units of the section's pixels, from the middle of the scan's first voxel.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

#: What a pose consists of: rotations about the normal, the rows' and the columns' axis in radians; shifts along them in
#: pixels; logarithms of the stretches of rows and columns, and shear.
POSE = ("turn", "tilt_rows", "tilt_columns", "depth", "rows", "columns", "stretch_rows", "stretch_columns", "shear")


@dataclass(frozen=True)
class Frame:
    """What a pose starts from: where the section's middle is supposed to lie, and how it is supposed to be oriented.

    Attributes:
        centre: (3,) position.
        axes: (3, 3) rotation; its columns are the plane's normal and the directions of the section's rows and columns.
    """

    centre: Tensor
    axes: Tensor


@dataclass(frozen=True)
class Cut:
    """A place found for a section.

    Attributes:
        frame: what the pose is relative to.
        pose: (9,), see `POSE`.
        bumps: (3, R, C) displacements at control points along normal, rows and columns, in pixels; the outermost points
            lie in the corners of the section.
        size: (H, W) of the section.
    """

    frame: Frame
    pose: Tensor
    bumps: Tensor
    size: tuple[int, int]

    def places(self) -> Tensor:
        """Positions (H, W, 3) of all pixels of the section."""
        at = grid_of(self.size).reshape(-1, 2)
        return locate(self.frame, self.pose[None], at, bump(self.bumps, at, self.size))[0].reshape(*self.size, 3)

    def distortion(self) -> Tensor:
        """Displacements (H, W, 3) along normal, rows and columns, in pixels, beyond the linear map."""
        return bump(self.bumps, grid_of(self.size).reshape(-1, 2), self.size).reshape(*self.size, 3)

    def fold(self) -> Tensor:
        """Determinant of the Jacobian (H, W) of the map from the section onto the surface, 1 where nothing changes."""
        _, rows, columns = self.distortion().unbind(-1)
        d_rows, d_columns = torch.gradient(rows), torch.gradient(columns)
        matrix = linear(self.pose[None])[0]
        a, b = matrix[0, 0] + d_rows[0], matrix[0, 1] + d_rows[1]
        c, d = matrix[1, 0] + d_columns[0], matrix[1, 1] + d_columns[1]
        return a * d - b * c

    @property
    def normal(self) -> Tensor:
        """(3,) unit vector z, y, x."""
        return (self.frame.axes @ turned(self.pose[None])[0])[:, 0]


def grid_of(size: tuple[int, int]) -> Tensor:
    """Pixels (H, W, 2) of an image, rows and columns from its middle."""
    rows, columns = (torch.arange(side, dtype=torch.float32) - (side - 1) / 2 for side in size)
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)


def locate(frame: Frame, pose: Tensor, at: Tensor, bumps: Tensor | None = None) -> Tensor:
    """Positions of places of the section.

    Args:
        frame: what the poses are relative to.
        pose: (B, 9).
        at: (N, 2) rows and columns from the section's middle.
        bumps: (N, 3) displacements, None for none.

    Returns:
        (B, N, 3).
    """
    flat = at @ linear(pose).mT + pose[:, None, 4:6]  # (B, N, 2)
    local = torch.cat([pose[:, None, 3:4].expand(-1, len(at), 1), flat], dim=-1)
    if bumps is not None:
        local = local + bumps
    return local @ (frame.axes @ turned(pose)).mT + frame.centre


def turned(pose: Tensor) -> Tensor:
    """Rotations (B, 3, 3) of poses (B, 9): the matrix exponential of the three angles."""
    turn, tilt_rows, tilt_columns = pose[:, :3].unbind(-1)
    zero = torch.zeros_like(turn)
    generator = torch.stack(
        [
            torch.stack([zero, -tilt_columns, tilt_rows], -1),
            torch.stack([tilt_columns, zero, -turn], -1),
            torch.stack([-tilt_rows, turn, zero], -1),
        ],
        -2,
    )
    rotations: Tensor = torch.linalg.matrix_exp(generator)
    return rotations


def linear(pose: Tensor) -> Tensor:
    """Stretch and shear (B, 2, 2) of poses (B, 9), symmetric: what rotates is left to the angles."""
    rows, columns, shear = pose[:, 6:].unbind(-1)
    generator = torch.stack([torch.stack([rows, shear], -1), torch.stack([shear, columns], -1)], -2)
    maps: Tensor = torch.linalg.matrix_exp(generator)
    return maps


def bump(bumps: Tensor, at: Tensor, size: tuple[int, int]) -> Tensor:
    """Displacements (N, 3) at places (N, 2) between control points (3, R, C); cubic."""
    half = torch.tensor([(side - 1) / 2 for side in size])
    places = (at / half).flip(-1)[None, None]
    return F.grid_sample(bumps[None], places, "bicubic", "border", align_corners=True)[0, :, 0].T


def bending(bumps: Tensor) -> Tensor:
    """Mean squared second difference of control points (3, R, C), per component: nothing for what is linear.

    The same as `scripts.data.control_points.bending` but for rounding, by which a search ends up to pixels elsewhere.
    """
    down = bumps[:, 2:] - 2 * bumps[:, 1:-1] + bumps[:, :-2]
    across = bumps[:, :, 2:] - 2 * bumps[:, :, 1:-1] + bumps[:, :, :-2]
    mixed = bumps[:, 1:, 1:] - bumps[:, 1:, :-1] - bumps[:, :-1, 1:] + bumps[:, :-1, :-1]
    return down.square().mean((1, 2)) + across.square().mean((1, 2)) + 2 * mixed.square().mean((1, 2))
