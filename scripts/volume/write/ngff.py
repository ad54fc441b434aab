"""Metadata of an OME-Zarr by OME-NGFF 0.4: where its voxels lie, and how viewers show its channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = "0.4"
MICROMETRES_PER_MM = 1000.0


def multiscales(
    name: str,
    spacing: Sequence[float] | None,
    levels: Sequence[tuple[int, int]],
    affine: NDArray[np.float64] | None = None,
) -> list[dict[str, Any]]:
    """The entry ``multiscales`` of a pyramid (c, z, y, x).

    Args:
        name: what viewers show.
        spacing: voxel size (z, y, x) in mm, None if unknown.
        levels: factors (z, yx) of each level to the full resolution.
        affine: from (x, y, z) indices to mm. Its origin becomes a translation where its axes are those of the array;
            version 0.4 has no place for any other.
    """
    unit = {"unit": "micrometer"} if spacing else {}
    axes = [{"name": "c", "type": "channel"}, *({"name": axis, "type": "space", **unit} for axis in "zyx")]
    voxel = [MICROMETRES_PER_MM * length for length in spacing] if spacing else [1.0, 1.0, 1.0]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": _transformations(voxel, (z, yx, yx), _origin(affine, spacing)),
        }
        for level, (z, yx) in enumerate(levels)
    ]
    return [{"version": VERSION, "name": name, "axes": axes, "datasets": datasets, "type": "mean"}]


def _origin(affine: NDArray[np.float64] | None, spacing: Sequence[float] | None) -> list[float]:
    """Where the centre of the first voxel lies (z, y, x), micrometres."""
    if affine is None or spacing is None or not np.allclose(affine[:3, :3], np.diag(spacing[::-1])):
        return [0.0, 0.0, 0.0]
    return [round(MICROMETRES_PER_MM * float(place), 9) for place in affine[2::-1, 3]]


def _transformations(
    voxel: Sequence[float], factors: tuple[int, int, int], origin: Sequence[float]
) -> list[dict[str, Any]]:
    """Scale and, where it is not 0, shift: the centre of an averaged voxel lies between those it was made of."""
    scale = [1.0, *(length * factor for length, factor in zip(voxel, factors, strict=True))]
    sides = zip(voxel, factors, origin, strict=True)
    shift = [0.0, *(place + length * (factor - 1) / 2 for length, factor, place in sides)]
    scaled: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    return [*scaled, {"type": "translation", "translation": shift}] if any(shift) else scaled


def omero(name: str, channels: Sequence[tuple[str, str]], depth: int) -> dict[str, Any]:
    """The entry ``omero``, which tells viewers colours and ranges.

    Args:
        name: what viewers show.
        channels: label and colour, six hexadecimal digits, of each.
        depth: slices; viewers open the middle one.
    """
    model = "color" if len(channels) > 1 else "greyscale"
    return {
        "version": VERSION,
        "name": name,
        "channels": [
            {
                "label": label,
                "color": colour,
                "active": True,
                "coefficient": 1,
                "family": "linear",
                "inverted": False,
                "window": {"min": 0, "max": 255, "start": 0, "end": 255},
            }
            for label, colour in channels
        ],
        "rdefs": {"model": model, "defaultT": 0, "defaultZ": depth // 2},
    }
