"""OME-Zarr images and plain zarr arrays on disk."""

from __future__ import annotations

import itertools
import json
import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from scripts.data.files import has_suffix, reading, require_grey_type
from scripts.errors import InputError
from scripts.volume.array import ArrayVolume
from scripts.volume.units import MILLIMETRES, positive

logger = logging.getLogger(__name__)

#: One of these lies in every folder that is a zarr group or array; the last in those of zarr format 3.
MARKERS = (".zattrs", ".zgroup", ".zarray", "zarr.json")
LISTED = 8


def is_zarr(path: Path) -> bool:
    """Whether a folder is a zarr group or array, by its name or by what lies in it."""
    return path.is_dir() and (has_suffix(path, (".zarr",)) or any((path / name).is_file() for name in MARKERS))


class ZarrVolume(ArrayVolume):
    """The first image of an OME-Zarr folder at full resolution, or a zarr array of two or three dimensions.

    NGFF 0.4 and earlier in zarr format 2; 0.5 in format 3 if the installed zarr can read that.

    Args:
        path: the folder.

    Raises:
        InputError: damaged; neither an image nor an array; several channels or time points; an unknown type.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.source, self.files = path, str(path), [path]
        self._chunks_to_find: tuple[Path, str] | None = None
        if (path / "zarr.json").is_file() and int(zarr.__version__.split(".")[0]) < 3:
            raise InputError(
                f"{path} is in zarr format 3, which the installed zarr {zarr.__version__} cannot read: install zarr 3 "
                "(Python 3.11 or later), or save it as OME-Zarr 0.4."
            )
        with reading(path):
            node: Any = zarr.open(str(path), mode="r")
            if isinstance(node, zarr.Array):
                self._open_plain(node)
            else:
                self._open_image(node)
        require_grey_type(self.dtype, path)
        if 0 in self.shape:
            raise InputError(f"{path} is empty, its shape is {self.shape}: export it again.")

    def _open_plain(self, array: Any) -> None:
        if len(array.shape) not in (2, 3):
            text = " x ".join(map(str, array.shape))
            raise InputError(
                f"{self.path} is a zarr array of {text}, expected z, y and x: save one channel and time point as 3D."
            )
        last = len(array.shape) - 1
        self._set_array(array, (0 if last == 2 else None, last - 1, last))
        self._chunks_to_find = _chunk_files(self.path)

    def _open_image(self, group: Any) -> None:
        attributes = dict(group.attrs)
        images = attributes.get("ome", attributes).get("multiscales")
        if not images:
            inner = ", ".join(sorted(str(name) for name in group)[:LISTED]) or "nothing"
            raise InputError(
                f"{self.path} is no OME-Zarr image, it has no multiscales: give an image or array in it (it holds "
                f"{inner})."
            )
        image = images[0]
        level = image["datasets"][0]  # the full resolution comes first
        array = group[level["path"]]
        names, units = _axes(image, len(array.shape))
        sizes = dict(zip(names, array.shape, strict=True))
        if not {"y", "x"} <= set(names) or any(size > 1 for name, size in sizes.items() if name not in "zyx"):
            text = ", ".join(f"{name}={size}" for name, size in sizes.items())
            raise InputError(
                f"{self.path} has other axes than z, y and x ({text}): save one channel and time point as an image."
            )
        z = names.index("z") if "z" in names else None
        self._set_array(array, (z, names.index("y"), names.index("x")))
        self._chunks_to_find = _chunk_files(self.path / level["path"])
        if z is not None:
            self._place(level, image, units)

    def _place(self, level: dict[str, Any], image: dict[str, Any], units: list[str | None]) -> None:
        """Set spacing and affine; those of the level come first, those of the image are applied to the result."""
        scale, shift = np.ones(len(units)), np.zeros(len(units))
        steps = [*level.get("coordinateTransformations", []), *image.get("coordinateTransformations", [])]
        for step in steps:
            if "scale" in step:
                scale, shift = scale * step["scale"], shift * step["scale"]
            if "translation" in step:
                shift = shift + step["translation"]
        if not any("scale" in step for step in steps):
            return
        axes = [axis for axis in self.axes if axis is not None]
        unit = np.array([MILLIMETRES.get(units[axis] or "", np.nan) for axis in axes])
        self.spacing = positive((scale[axes] * unit).tolist())
        if self.spacing is not None and any("translation" in step for step in steps):
            self.affine = np.diag([*self.spacing[::-1], 1.0])
            self.affine[:3, 3] = (shift[axes] * unit)[::-1]

    @property
    def name(self) -> str:
        """Name of the folder without ``.zarr`` or ``.ome.zarr``."""
        return re.sub(r"(\.ome)?\.zarr$", "", self.path.resolve().name, flags=re.IGNORECASE)

    def _read(self, start: int, stop: int) -> np.ndarray:
        self._look_for_chunks(start, stop)
        return super()._read(start, stop)

    def _look_for_chunks(self, start: int, stop: int) -> None:
        """Warn once if a chunk has no file: writers leave out empty chunks, but so does a copy that was interrupted."""
        if self._chunks_to_find is None:
            return
        folder, separator = self._chunks_to_find
        sizes = list(zip(self.array.shape, self.array.chunks, strict=True))
        numbers = [range(-(-size // chunk)) for size, chunk in sizes]
        z = self.axes[0]
        if z is not None:
            depth = sizes[z][1]
            numbers[z] = range(start // depth, (stop - 1) // depth + 1)
        for chunk in itertools.product(*numbers):
            name = separator.join(map(str, chunk))
            if not (folder / name).is_file():
                first = start if z is None else max(start, chunk[z] * sizes[z][1])
                logger.warning(
                    "%s: the chunk %s of slice %d is not there and read as %s; if it should be, copy the volume again.",
                    self.path,
                    name,
                    first,
                    self.array.fill_value,
                )
                self._chunks_to_find = None
                return

    def close(self) -> None:
        """Nothing stays open between reads."""


def _axes(image: dict[str, Any], count: int) -> tuple[list[str], list[str | None]]:
    """Names and units of the axes; up to NGFF 0.3 they have no units, up to 0.2 no names."""
    axes = [{"name": axis} if isinstance(axis, str) else axis for axis in image.get("axes", "tczyx"[-count:])]
    return [str(axis["name"]).lower() for axis in axes], [axis.get("unit") for axis in axes]


def _chunk_files(folder: Path) -> tuple[Path, str] | None:
    """Where the chunks of an array in zarr format 2 lie, and what stands between the numbers in their names."""
    header = folder / ".zarray"
    return (folder, json.loads(header.read_text()).get("dimension_separator", ".")) if header.is_file() else None
