"""OME-Zarr images and plain zarr arrays on disk."""

from __future__ import annotations

import itertools
import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from scripts.errors import InputError
from scripts.files.opening import has_suffix, reading, require_grey_type
from scripts.volume.read.array import ArrayVolume
from scripts.volume.read.hdf5.axes import report_axes
from scripts.volume.read.zarr.ngff import find_image, images_of, is_node, place, read_image
from scripts.volume.read.zarr.opening import ZarrNode, open_array, read_node

logger = logging.getLogger(__name__)


def is_zarr(path: Path) -> bool:
    """Whether a folder is a zarr group or array, by its name or by what lies in it."""
    return path.is_dir() and (has_suffix(path, (".zarr",)) or is_node(path))


class ZarrVolume(ArrayVolume):
    """An image of an OME-Zarr folder at full resolution, or a zarr array of two or three dimensions.

    NGFF 0.4 and earlier in zarr format 2; 0.5 in format 3 if the installed zarr can read that. In a folder that
    bioformats2raw wrote it is the only image.

    Args:
        path: the folder.

    Raises:
        InputError: damaged; neither an image nor an array; several images, channels or time points; an unknown type;
            metadata that ask for more than numbers and compression.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.source, self.files = path, str(path), [path]
        with reading(path):
            node = read_node(path)
            if node.shape is None:
                self._node = self._open_image(node)
            else:
                self._node = self._open_plain(node)
        self._report_missing = True
        require_grey_type(self.dtype, path)
        if 0 in self.shape:
            raise InputError(f"{path} is empty, its shape is {self.shape}: export it again.")

    def _open_plain(self, node: ZarrNode) -> ZarrNode:
        shape = node.shape or ()
        if len(shape) not in (2, 3):
            text = " x ".join(map(str, shape))
            raise InputError(
                f"{self.path} is a zarr array of {text}, expected z, y and x: save one channel and time point as 3D."
            )
        last = len(shape) - 1
        axes: tuple[int | None, int, int] = (0 if last == 2 else None, last - 1, last)
        names, stored = node.names, list("zyx"[-len(shape) :])
        if names != stored and sorted(names) == sorted(stored):
            axes = (names.index("z") if last == 2 else None, names.index("y"), names.index("x"))
            remedy = "slices lie across z; --axis chooses another" if last == 2 else "rows lie along y"
            report_axes(self.source, names, remedy)
        self._set_array(open_array(node), axes)
        return node

    def _open_image(self, group: ZarrNode) -> ZarrNode:
        image = read_image(find_image(group))
        names = image.names
        sizes = dict(zip(names, image.array.shape or (), strict=True))
        if not {"y", "x"} <= set(names) or any(size > 1 for name, size in sizes.items() if name not in "zyx"):
            text = ", ".join(f"{name}={size}" for name, size in sizes.items())
            raise InputError(
                f"{self.path} has other axes than z, y and x ({text}): save one channel and time point as an image."
            )
        z = names.index("z") if "z" in names else None
        axes = z, names.index("y"), names.index("x")
        self._set_array(open_array(image.array), axes)
        if z is not None:
            size, self.affine = place(image, (z, *axes[1:]))
            self.spacing, self.spacing_note = size.spacing, size.note
        return image.array

    @property
    def name(self) -> str:
        """Name of the folder without ``.zarr`` or ``.ome.zarr``; of an image in a scan's folder, that of the scan."""
        path = self.path.resolve()
        scan = path.parent
        if path.name.isdecimal() and is_node(scan):
            with suppress(InputError):  # the folder around an image need not be sound
                number = len(images_of(read_node(scan)))
                if number:
                    return _without_suffix(scan.name) + (f"_{path.name}" if number > 1 else "")
        return _without_suffix(path.name)

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        self._look_for_chunks(start, stop)
        return super()._read(start, stop)

    def _look_for_chunks(self, start: int, stop: int) -> None:
        """Warn once if a chunk has no file: writers leave out empty chunks, but so does a copy that was interrupted."""
        if not self._report_missing:
            return
        sizes = list(zip(self.array.shape, self._node.chunks, strict=True))
        numbers = [range(-(-size // chunk)) for size, chunk in sizes]
        z = self.axes[0]
        if z is not None:
            depth = sizes[z][1]
            numbers[z] = range(start // depth, (stop - 1) // depth + 1)
        for chunk in itertools.product(*numbers):
            name = self._node.chunk_name(chunk)
            if not (self._node.folder / name).is_file():
                first = start if z is None else max(start, chunk[z] * sizes[z][1])
                logger.warning(
                    "%s: the chunk %s of slice %d is not there and read as %s; if it should be, copy the volume again.",
                    self.path,
                    name,
                    first,
                    self.array.fill_value,
                )
                self._report_missing = False
                return

    def close(self) -> None:
        """Nothing stays open between reads."""


def _without_suffix(name: str) -> str:
    return re.sub(r"(\.ome)?\.zarr$", "", name, flags=re.IGNORECASE)
