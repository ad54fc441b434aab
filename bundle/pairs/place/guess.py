"""Where a section is supposed to lie in its scan."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bundle.pairs.options import Ranges
from bundle.pairs.place.cut import Frame
from scripts.errors import InputError

Array = npt.NDArray[np.floating[Any]]


def parse_plane(text: str) -> tuple[float, Array]:
    """Height and normal of ``z0,nx,ny,nz``: the plane meets the scan's middle line in z at the slice z0.

    Returns:
        z0 in slices, and the unit normal (z, y, x) with the sign that makes z (else y, else x) positive.

    Raises:
        InputError: no four numbers; no direction.
    """
    try:
        z0, *normal = (float(word) for word in text.split(","))
    except ValueError:
        z0, normal = 0.0, []
    length = float(np.linalg.norm(normal))
    if len(normal) != 3 or not np.isfinite([z0, length]).all() or length == 0:
        raise InputError(f"--plane {text}: give z0,nx,ny,nz, such as 120,0,0,1 for slice 120.")
    unit = np.array(normal[::-1]) / length
    leading = unit[np.argmax(np.abs(unit) > 1e-9)]
    return z0, unit if leading > 0 else -unit


def frames_of(plane: str | None, shape: tuple[int, int, int], voxel: Array, any_way: bool) -> list[Frame]:
    """Frames to search from: the plane, or that of the scan's middle slice.

    Args:
        plane: as of `parse_plane`, None for the middle slice.
        shape: (Z, Y, X) of the scan.
        voxel: (3,) edges of a voxel in pixels of the section.
        any_way: the section may lie turned by quarters and on either face.

    Raises:
        InputError: the plane does not meet the scan.
    """
    middle = (np.array(shape) - 1) / 2
    z0, normal = (middle[0], np.array([1.0, 0, 0])) if plane is None else parse_plane(plane)
    if not -0.5 <= z0 <= shape[0] - 0.5:
        raise InputError(f"--plane {plane}: the scan has slices 0 to {shape[0] - 1}, {z0:g} is none of them.")
    centre = np.array([z0, *middle[1:]]) * voxel
    rows = np.eye(3)[1] if abs(normal[1]) < 0.9 else np.eye(3)[0]
    rows = rows - normal * (rows @ normal)
    rows /= np.linalg.norm(rows)
    axes = np.column_stack([normal, rows, np.cross(normal, rows)])
    ways = itertools.product(range(4), (False, True)) if any_way else [(0, False)]
    return [_frame(centre, axes @ _way(quarters, turned_over)) for quarters, turned_over in ways]


def ranges_of(ranges: Ranges, plane: str | None, shape: tuple[int, int, int], voxel: Array) -> Ranges:
    """Ranges of a search: all slices where there is no plane."""
    return ranges if plane is not None else replace(ranges, depth=max(1.0, shape[0] * float(voxel[0]) / 2))


def _way(quarters: int, turned_over: bool) -> Array:
    angle = quarters * np.pi / 2
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return turn @ np.diag([-1.0, 1.0, -1.0]) if turned_over else turn


def _frame(centre: Array, axes: Array) -> Frame:
    return Frame(torch.tensor(centre, dtype=torch.float32), torch.tensor(axes, dtype=torch.float32))
