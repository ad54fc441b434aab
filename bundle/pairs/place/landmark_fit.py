"""The cut that fits landmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.interpolate import RBFInterpolator
from scipy.linalg import logm

from bundle.pairs.place.cut import POSE, Cut, Frame
from bundle.pairs.place.landmarks import Landmarks
from scripts.data.control_points import grid_shape
from scripts.errors import InputError

FOR_BEND = 6  # landmarks from which the cut may bend
STRETCH = (0.7, 1.4)  # in which a section's sizes lie, of its block's
FAR = 20.0  # pixels from the plane or its linear map at which a landmark is taken for a mistake
SMOOTH = 10.0  # of the thin plate, which should not follow a hand's tremor

Array = npt.NDArray[np.floating[Any]]


def fit(landmarks: Landmarks, factor: float, size: tuple[int, int], voxel: Array, spacing: float) -> Cut:
    """The cut that fits landmarks: a plane with stretch and shear by least squares, and a thin plate through what is
    left from six landmarks on.

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
    columns, centre = _linear_map(landmarks, at, target)
    left, stretches, right = np.linalg.svd(columns, full_matrices=False)
    _check_stretches(landmarks, stretches)
    rest = target - at @ columns.T - centre
    _check_fit(landmarks, rest)
    in_plane = left @ right
    axes = np.column_stack([np.cross(in_plane[:, 0], in_plane[:, 1]), in_plane])
    pose = torch.zeros(len(POSE))
    logarithm = np.real(logm(right.T @ np.diag(stretches) @ right))
    pose[6], pose[7], pose[8] = (float(logarithm[i, j]) for i, j in ((0, 0), (1, 1), (0, 1)))
    bumps = _thin_plate(at, rest @ axes, size, grid_shape(size, spacing))
    frame = Frame(torch.tensor(centre, dtype=torch.float32), torch.tensor(axes, dtype=torch.float32))
    return Cut(frame, pose, torch.tensor(bumps, dtype=torch.float32), size)


def _linear_map(landmarks: Landmarks, at: Array, target: Array) -> tuple[Array, Array]:
    """Where rows and columns of the section lead (3, 2), and where its middle lies (3,)."""
    spread = np.linalg.svd(at - at.mean(axis=0), compute_uv=False)
    if spread[1] < 0.05 * spread[0]:
        raise InputError(f"The landmarks of {landmarks.path} lie on one line: set some beside it.")
    matrix, *_ = np.linalg.lstsq(np.column_stack([at, np.ones(len(at))]), target, rcond=None)
    return matrix[:2].T, matrix[2]


def _check_stretches(landmarks: Landmarks, stretches: Array) -> None:
    if not (STRETCH[0] < stretches.min() and stretches.max() < STRETCH[1]):
        raise InputError(
            f"By the landmarks of {landmarks.path} the section is {100 * stretches.min():.0f} to "
            f"{100 * stretches.max():.0f} % as large as in the scan: check pixel size and voxel size, and whether "
            "x and y or two landmarks are mixed up."
        )


def _check_fit(landmarks: Landmarks, rest: Array) -> None:
    distance = np.linalg.norm(rest, axis=1)
    worst = int(np.argmax(distance))
    if distance[worst] > FAR:
        raise InputError(
            f"Landmark {worst + 1} of {landmarks.path} lies {distance[worst]:.0f} pixels from where the others put it: "
            "is it swapped with another?"
        )


def _thin_plate(at: Array, rest: Array, size: tuple[int, int], count: tuple[int, int]) -> Array:
    """Displacements (3, R, C) at control points: a thin plate through those (N, 3) that landmarks (N, 2) have left."""
    if len(at) < FOR_BEND:
        return np.zeros((3, *count))
    plate = RBFInterpolator(at, rest, kernel="thin_plate_spline", smoothing=SMOOTH * len(at))
    rows, columns = (np.linspace(-(side - 1) / 2, (side - 1) / 2, n) for side, n in zip(size, count, strict=True))
    nodes = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    inside = np.clip(nodes, at.min(axis=0), at.max(axis=0))  # beyond the landmarks nothing is known
    bumps: Array = plate(inside).T.reshape(3, *count)
    return bumps


def errors(landmarks: Landmarks, cut: Cut, factor: float, voxel: Array) -> Array:
    """Distances (N,) in pixels of the section between a landmark in the scan and where the cut puts its place."""
    places = cut.places().numpy()
    at = (landmarks.on_slide + 0.5) / factor - 0.5
    rows, columns = (np.clip(np.rint(at[:, axis]).astype(int), 0, cut.size[axis] - 1) for axis in (0, 1))
    distance: Array = np.linalg.norm(places[rows, columns] - landmarks.in_volume * voxel, axis=1)
    return distance
