"""Landmarks that somebody set on a slide and in its scan, and the cut that fits them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.linalg import logm

from bundle.pairs.place.cut import POSE, Cut, Frame, control_points
from bundle.pairs.spreadsheet import read_table
from scripts.errors import InputError

COLUMNS = ("slide_x", "slide_y", "volume_x", "volume_y", "volume_z")
LEAST = 3
FOR_BEND = 6  # landmarks from which the cut may bend
STRETCH = (0.7, 1.4)  # in which a section's sizes lie, of its block's
FAR = 20.0  # pixels from the plane or its linear map at which a landmark is taken for a mistake
SMOOTH = 10.0  # of the thin plate, which should not follow a hand's tremor

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Landmarks:
    """Points of a slide and of a scan that belong together.

    Attributes:
        path: their file.
        on_slide: (N, 2) rows and columns in pixels of the slide's finest level.
        in_volume: (N, 3) z, y, x in voxels.
    """

    path: Path
    on_slide: Array
    in_volume: Array


def read_landmarks(path: str | Path) -> Landmarks:
    """Read a CSV file of columns ``slide_x, slide_y, volume_x, volume_y, volume_z``, one landmark a line.

    Raises:
        InputError: missing columns, fewer than three landmarks, no numbers.
    """
    path = Path(path)
    names, rows = read_table(path)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}: its first line must be {','.join(COLUMNS)}.")
    values = np.empty((len(rows), len(COLUMNS)))
    for number, row in enumerate(rows):
        try:
            values[number] = [float(row.cells[name]) for name in COLUMNS]
        except ValueError as error:
            raise InputError(
                f"Row {row.number} of {path} does not hold five numbers, with decimal points: correct it."
            ) from error
    if not np.isfinite(values).all():
        raise InputError(f"{path} holds NaN or infinity: correct it.")
    if len(rows) < LEAST:
        raise InputError(f"{path} has {len(rows)} landmarks, a plane needs {LEAST}: set more, far from each other.")
    return Landmarks(path, values[:, [1, 0]], values[:, [4, 3, 2]])


def check_within(landmarks: Landmarks, slide: tuple[int, int], volume: tuple[int, int, int]) -> None:
    """Check that landmarks lie on the slide and in the scan.

    Args:
        landmarks: to check.
        slide: height and width of the slide's finest level.
        volume: (Z, Y, X) of the scan.

    Raises:
        InputError: one does not; the message names it.
    """
    for points, size, thing in ((landmarks.on_slide, slide, "slide"), (landmarks.in_volume, volume, "volume")):
        outside = ((points < -0.5) | (points > np.array(size) - 0.5)).any(axis=1)
        if outside.any():
            number = int(np.argmax(outside))
            place = ", ".join(f"{value:g}" for value in points[number][::-1])
            raise InputError(
                f"Landmark {number + 1} of {landmarks.path} lies outside the {thing}: ({place}) of "
                f"{' x '.join(str(side) for side in size[::-1])} (x first, from 0). Are slide and volume, or x and y, "
                "mixed up?"
            )


def fit(landmarks: Landmarks, factor: float, size: tuple[int, int], voxel: Array, spacing: float) -> Cut:
    """The cut that fits landmarks: a plane with stretch and shear by least squares, and, from six landmarks, a thin
    plate through what is left.

    Args:
        landmarks: to fit.
        factor: pixels of the slide along one of the section.
        size: (H, W) of the section.
        voxel: (3,) edges of a voxel in pixels of the section.
        spacing: pixels between control points.

    Raises:
        InputError: landmarks on one line; a stretch that no section has; landmarks that do not fit together.
    """
    at = (landmarks.on_slide + 0.5) / factor - 0.5 - (np.array(size) - 1) / 2
    target = landmarks.in_volume * voxel
    middle = at.mean(axis=0)
    spread = np.linalg.svd(at - middle, compute_uv=False)
    if spread[1] < 0.05 * spread[0]:
        raise InputError(f"The landmarks of {landmarks.path} lie on one line: set some beside it.")
    matrix, *_ = np.linalg.lstsq(np.column_stack([at, np.ones(len(at))]), target, rcond=None)
    columns, centre = matrix[:2].T, matrix[2]  # (3, 2): where rows and columns lead
    left, stretches, right = np.linalg.svd(columns, full_matrices=False)
    if not (STRETCH[0] < stretches.min() and stretches.max() < STRETCH[1]):
        raise InputError(
            f"By the landmarks of {landmarks.path} the section is {100 * stretches.min():.0f} to "
            f"{100 * stretches.max():.0f} % as large as in the scan: check pixel size and voxel size, and whether "
            "x and y or two landmarks are mixed up."
        )
    _check_fit(landmarks, at, target, columns, centre)
    in_plane = left @ right
    axes = np.column_stack([np.cross(in_plane[:, 0], in_plane[:, 1]), in_plane])
    pose = torch.zeros(len(POSE))
    logarithm = np.real(logm(right.T @ np.diag(stretches) @ right))
    pose[6], pose[7], pose[8] = (float(logarithm[i, j]) for i, j in ((0, 0), (1, 1), (0, 1)))
    bumps = np.zeros((3, *control_points(size, spacing)))
    if len(at) >= FOR_BEND:
        rest = (target - at @ columns.T - centre) @ axes
        plate = RBFInterpolator(at, rest, kernel="thin_plate_spline", smoothing=SMOOTH * len(at))
        rows, across = (
            np.linspace(-(side - 1) / 2, (side - 1) / 2, n) for side, n in zip(size, bumps.shape[1:], strict=True)
        )
        nodes = np.stack(np.meshgrid(rows, across, indexing="ij"), -1).reshape(-1, 2)
        inside = np.clip(nodes, at.min(axis=0), at.max(axis=0))  # beyond the landmarks nothing is known
        bumps = plate(inside).T.reshape(bumps.shape)
    frame = Frame(torch.tensor(centre, dtype=torch.float32), torch.tensor(axes, dtype=torch.float32))
    return Cut(frame, pose, torch.tensor(bumps, dtype=torch.float32), size)


def errors(landmarks: Landmarks, cut: Cut, factor: float, voxel: Array) -> Array:
    """Distances (N,) in pixels of the section between a landmark in the scan and where the cut puts its place."""
    places = cut.places().numpy()
    at = (landmarks.on_slide + 0.5) / factor - 0.5
    rows, columns = (np.clip(np.rint(at[:, axis]).astype(int), 0, cut.size[axis] - 1) for axis in (0, 1))
    return np.linalg.norm(places[rows, columns] - landmarks.in_volume * voxel, axis=1)


def _check_fit(landmarks: Landmarks, at: Array, target: Array, columns: Array, centre: Array) -> None:
    distance = np.linalg.norm(target - at @ columns.T - centre, axis=1)
    worst = int(np.argmax(distance))
    if distance[worst] > FAR:
        raise InputError(
            f"Landmark {worst + 1} of {landmarks.path} lies {distance[worst]:.0f} pixels from where the others put it: "
            "is it swapped with another?"
        )
