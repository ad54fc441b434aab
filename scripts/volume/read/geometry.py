"""Voxel size and orientation: as the file says, checked, or as the user gives them instead."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scripts.errors import InputError
from scripts.volume.read.once import log_once
from scripts.volume.read.units import REMEDY, UM_PER_MM, check_voxel_um, doubt, positive
from scripts.volume.read.volume import Volume

logger = logging.getLogger(__name__)


#: Directions in NIfTI's space, right, anterior and superior, by nibabel's letters.
DIRECTIONS = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


def override_geometry(
    volume: Volume, voxel_um: float | Sequence[float] | None = None, orientation: str | None = None
) -> None:
    """Give a volume another voxel size or orientation; the voxels and their order stay.

    A new affine replaces the volume's, about the same origin, and a NIfTI header is dropped, so that writers build one.

    Args:
        volume: the volume to change.
        voxel_um: voxel size (z, y, x) in micrometres, or one number for all three; None keeps it.
        orientation: the directions in which x, y and z increase, such as ``RAS`` or ``LPS``; None keeps them.

    Raises:
        InputError: `voxel_um` is not one or three finite numbers above zero, or `orientation` no three letters of three
            different axes.
    """
    if voxel_um is None and orientation is None:
        return
    if voxel_um is not None:
        z, y, x = check_voxel_um(voxel_um, forced=True)  # whoever asked has been told by now
        volume.spacing, volume.spacing_note = (z / UM_PER_MM, y / UM_PER_MM, x / UM_PER_MM), None
    directions = _old_directions(volume.affine) if orientation is None else _directions(orientation)
    origin = np.zeros(3) if volume.affine is None else volume.affine[:3, 3]
    lengths = volume.spacing or (1.0, 1.0, 1.0)
    volume.affine = np.eye(4)
    volume.affine[:3, :3] = directions * lengths[::-1]
    volume.affine[:3, 3] = origin
    volume.nifti_header = None


def check_geometry(volume: Volume) -> None:
    """Take a voxel size and an affine that are none out of a volume, and log what is doubtful, once for each volume.

    An affine needs three finite directions that span the space. One of another kind is replaced by that of the voxel
    size, and a NIfTI header that holds it is dropped.
    """
    notes = [note for note in (volume.spacing_note,) if note]
    if volume.spacing is not None:
        checked = positive(volume.spacing)
        text = " x ".join(f"{side:g}" for side in volume.spacing)
        remark = f"the voxel size {text} mm (z, y, x) is none: {REMEDY}" if checked is None else doubt(checked)
        volume.spacing = checked
        notes += [] if remark is None or notes else [remark]
    if volume.affine is not None and not _spans(volume.affine):
        volume.affine = None if volume.spacing is None else np.diag([*volume.spacing[::-1], 1.0])
        volume.nifti_header = None
        notes.append("the directions of its axes are none, so x, y and z are taken: or give --orientation")
    for note in [*notes, *volume.remarks]:
        log_once(logger, logging.WARNING, f"{volume.source}: {note}.")


def _spans(affine: NDArray[np.float64]) -> bool:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not (lengths > 0).all():
        return False
    return bool(np.linalg.matrix_rank(affine[:3, :3] / lengths) == 3)


def _directions(orientation: str) -> NDArray[np.float64]:
    """Unit vectors of x, y and z as columns."""
    letters = str(orientation).upper()
    directions = np.array([DIRECTIONS.get(letter, (0, 0, 0)) for letter in letters], dtype=np.float64).T
    if directions.shape != (3, 3) or np.linalg.matrix_rank(directions) < 3:
        raise InputError(
            f"The orientation is {orientation!r}, expected three letters, one each of R or L, A or P, S or I: correct "
            "--orientation, for example --orientation RAS."
        )
    return directions


def _old_directions(affine: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """Unit vectors of x, y and z as columns; an affine without any direction counts as none."""
    if affine is None:
        return np.eye(3)
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    return affine[:3, :3] / lengths if (lengths > 0).all() else np.eye(3)
