"""What the attributes of an OME-Zarr say: which image, which resolution, which axes, how large its voxels are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.lengths import millimetres
from scripts.errors import InputError
from scripts.volume.read.units import VoxelSize, voxel_size
from scripts.volume.read.zarr.opening import ZarrNode, inner, read_node

LISTED = 8
MARKERS = (".zattrs", ".zgroup", ".zarray", "zarr.json")


@dataclass(frozen=True)
class Image:
    """An image at its full resolution.

    Attributes:
        array: of the full resolution.
        names: of its axes, in lower case.
        units: of its axes, None where there is none.
        steps: scales and translations, those of the level before those of the image.
    """

    array: ZarrNode
    names: list[str]
    units: list[str | None]
    steps: list[dict[str, Any]]


def find_image(group: ZarrNode) -> ZarrNode:
    """The group of an image: this one, or the only one in what bioformats2raw wrote.

    Raises:
        InputError: no image, or several.
    """
    if ngff(group).get("multiscales"):
        return group
    images = images_of(group)
    if len(images) == 1:
        return images[0]
    if images:
        listed = ", ".join(image.folder.name for image in images[:LISTED])
        raise InputError(
            f"{group.folder} holds {len(images)} images ({listed}): give one of them, as in {images[0].folder}."
        )
    found = sorted(entry.name for entry in group.folder.iterdir() if is_node(entry))[:LISTED]
    raise InputError(
        f"{group.folder} is no OME-Zarr image, it has no multiscales: give an image or array in it (it holds "
        f"{', '.join(found) or 'nothing'})."
    )


def images_of(group: ZarrNode) -> list[ZarrNode]:
    """The images in a folder as bioformats2raw writes it, which are called 0, 1, ..."""
    if "bioformats2raw.layout" not in ngff(group):
        return []
    numbers = sorted(int(entry.name) for entry in group.folder.iterdir() if entry.name.isdecimal() and is_node(entry))
    nodes = [read_node(inner(group.folder, str(number))) for number in numbers]
    return [node for node in nodes if ngff(node).get("multiscales")]


def is_node(folder: Path) -> bool:
    """Whether a folder is a zarr group or array by what lies in it."""
    return any((folder / name).is_file() for name in MARKERS)


def ngff(group: ZarrNode) -> dict[str, Any]:
    """The attributes of OME-NGFF, which have a place of their own since version 0.5."""
    found = group.attributes.get("ome", group.attributes)
    return found if isinstance(found, dict) else {}


def read_image(group: ZarrNode) -> Image:
    """What an image says of its full resolution.

    Raises:
        InputError: attributes that are none of OME-Zarr's, or a level that is not there.
    """
    try:
        image = ngff(group)["multiscales"][0]
        level, array = _finest(group.folder, image["datasets"])
        names, units = _axes(image, len(array.shape or ()))
        steps = [*level.get("coordinateTransformations", []), *image.get("coordinateTransformations", [])]
        if len(names) != len(array.shape or ()) or not all(isinstance(step, dict) for step in steps):
            raise ValueError("axes and shape differ")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = str(error) or type(error).__name__
        raise InputError(
            f"{group.folder} has attributes that are none of OME-Zarr ({reason}): export the volume again."
        ) from error
    return Image(array, names, units, steps)


def _finest(root: Path, levels: list[dict[str, Any]]) -> tuple[dict[str, Any], ZarrNode]:
    """The level with most voxels, which comes first only in files that keep to the format."""
    there = [level for level in levels if is_node(inner(root, level["path"]))]
    arrays = [(level, read_node(inner(root, level["path"]))) for level in there]
    found = max(arrays, key=lambda one: math.prod(one[1].shape or (0,)), default=None)
    for level in levels:
        if level not in there and (found is None or level is levels[0] or _edge(level) < _edge(found[0])):
            raise InputError(
                f"{root} lacks its level {level['path']}, the one of full resolution: copy the whole folder again."
            )
    if found is None or found[1].shape is None:
        raise InputError(f"{root} names no arrays as its levels: export the volume again.")
    return found


def _edge(level: dict[str, Any]) -> float:
    """How large a voxel of a level is, infinite where it does not say."""
    scales = [step["scale"] for step in level.get("coordinateTransformations", []) if "scale" in step]
    return math.prod(scales[0]) if scales else math.inf


def _axes(image: dict[str, Any], count: int) -> tuple[list[str], list[str | None]]:
    """Names and units of the axes; up to NGFF 0.3 they have no units, up to 0.2 no names."""
    axes = [{"name": axis} if isinstance(axis, str) else axis for axis in image.get("axes", "tczyx"[-count:])]
    return [str(axis["name"]).lower() for axis in axes], [axis.get("unit") for axis in axes]


def place(image: Image, axes: Sequence[int]) -> tuple[VoxelSize, NDArray[np.float64] | None]:
    """Voxel size, and the affine from (x, y, z) indices to mm or None where the image has no place.

    Args:
        image: the image.
        axes: which of its axes are z, y and x.

    Raises:
        InputError: scales or translations that are not one number for each axis.
    """
    scale, shift = np.ones(len(image.names)), np.zeros(len(image.names))
    try:
        for step in image.steps:
            if "scale" in step:
                factors = np.asarray(step["scale"], float).reshape(scale.shape)
                scale, shift = scale * factors, shift * factors
            if "translation" in step:
                shift = shift + np.asarray(step["translation"], float).reshape(shift.shape)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{image.array.folder} has a scale or translation that is not one number for each axis: export it again."
        ) from error
    if not any("scale" in step for step in image.steps):
        return VoxelSize(None), None
    size = voxel_size(scale[list(axes)].tolist(), [image.units[axis] for axis in axes])
    if size.spacing is None or not any("translation" in step for step in image.steps):
        return size, None
    unit = np.array([millimetres(image.units[axis] or "") for axis in axes], float)
    affine = np.diag([*size.spacing[::-1], 1.0])
    affine[:3, 3] = (shift[list(axes)] * unit)[::-1]
    return size, affine
