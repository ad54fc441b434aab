"""Metadata of an OME-Zarr by OME-NGFF 0.4: where its voxels lie, and how viewers show its channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

VERSION = "0.4"
MICROMETRES_PER_MM = 1000.0


def multiscales(name: str, spacing: Sequence[float] | None, levels: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """The entry ``multiscales`` of a pyramid (c, z, y, x).

    Args:
        name: what viewers show.
        spacing: voxel size (z, y, x) in mm, None if unknown.
        levels: factors (z, yx) of each level to the full resolution.
    """
    unit = {"unit": "micrometer"} if spacing else {}
    axes = [{"name": "c", "type": "channel"}, *({"name": axis, "type": "space", **unit} for axis in "zyx")]
    voxel = [MICROMETRES_PER_MM * length for length in spacing] if spacing else [1.0, 1.0, 1.0]
    datasets = [
        {"path": str(level), "coordinateTransformations": _transformations(voxel, (z, yx, yx))}
        for level, (z, yx) in enumerate(levels)
    ]
    return [{"version": VERSION, "name": name, "axes": axes, "datasets": datasets, "type": "mean"}]


def _transformations(voxel: Sequence[float], factors: tuple[int, int, int]) -> list[dict[str, Any]]:
    """Scale and, below full resolution, shift: the centre of an averaged voxel lies between those it was made of."""
    scale = [1.0, *(length * factor for length, factor in zip(voxel, factors, strict=True))]
    shift = [0.0, *(length * (factor - 1) / 2 for length, factor in zip(voxel, factors, strict=True))]
    scaled: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    return [*scaled, {"type": "translation", "translation": shift}] if max(factors) > 1 else scaled


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
