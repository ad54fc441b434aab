"""Landmarks that somebody set on a slide and in its scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.shared.table.spreadsheet import Line, read_table
from scripts.errors import InputError

COLUMNS = ("slide_x", "slide_y", "volume_x", "volume_y", "volume_z")
LEAST = 3

Array = npt.NDArray[np.floating[Any]]


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
    values = np.array([_numbers(path, row) for row in rows]).reshape(len(rows), len(COLUMNS))
    if not np.isfinite(values).all():
        raise InputError(f"{path} holds NaN or infinity: correct it.")
    if len(rows) < LEAST:
        raise InputError(f"{path} has {len(rows)} landmarks, a plane needs {LEAST}: set more, far from each other.")
    return Landmarks(path, values[:, [1, 0]], values[:, [4, 3, 2]])


def _numbers(path: Path, row: Line) -> list[float]:
    try:
        return [float(row.cells[name]) for name in COLUMNS]
    except ValueError as error:
        raise InputError(
            f"Row {row.number} of {path} does not hold five numbers, with decimal points: correct it."
        ) from error


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
