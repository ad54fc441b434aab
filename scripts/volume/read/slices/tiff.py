"""TIFF stacks read page by page: plain, BigTIFF, ImageJ (also those with a single directory) and OME."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from scripts.data.image.lengths import number
from scripts.data.image.orientation import tiff_orientation, turned, turned_size
from scripts.data.image.tiff import count_slices, low_is_dark, main_series
from scripts.data.image.tiff_page import read_page
from scripts.errors import InputError
from scripts.files.opening import reading, require_grey_type, require_memory
from scripts.volume.read.once import log_once
from scripts.volume.read.units import VoxelSize, voxel_size
from scripts.volume.read.volume import Volume, locating

logger = logging.getLogger(__name__)

#: Axes that slices are often called, and what they would be.
MISNAMED = {"C": "channels", "T": "time points"}
MOST_CHANNELS = 4

# tifffile opens the other files of an OME-TIFF image for each page and closes them again, which is as it should be
warnings.filterwarnings("ignore", message=".*reading array from closed file")


class TiffVolume(Volume):
    """A TIFF file with more than one page.

    Args:
        path: the file.
        files: all files of the OME-TIFF image that it is a part of; None for itself alone.
        folder: the folder to name the volume by, if it holds nothing else.

    Raises:
        InputError: truncated or damaged; RGB; several channels or time points; an unknown pixel type.
    """

    def __init__(self, path: Path, files: list[Path] | None = None, folder: Path | None = None) -> None:
        self.path = folder or path
        self.source, self.files = str(self.path), files or [path]
        with reading(path):
            self._tif = tifffile.TiffFile(path)
            try:
                self._series = main_series(self._tif, path)
                self._check()
                size = _spacing(self._tif)
                self.spacing, self.spacing_note = self._turned(size.spacing), size.note
            except BaseException:
                self._tif.close()
                raise

    def _check(self) -> None:
        series, page = self._series, self._series.keyframe
        if page.samplesperpixel > 1:
            raise InputError(f"{self.path} is an RGB stack where a CT volume was expected: convert it to greyscale.")
        sizes = zip(series.get_axes(squeeze=True), series.get_shape(squeeze=True), strict=True)
        # pairs, not a dictionary: two axes that tifffile has no name for are both called Q
        stacked = [(axis, size) for axis, size in sizes if axis not in "YX" and size > 1]
        self._require_one_stack(stacked)
        dtype = np.dtype(page.dtype)
        require_grey_type(dtype, self.path)
        require_memory(self.path, page.shape, dtype)
        self._stored = (page.imagelength, page.imagewidth)
        self.shape = (count_slices(series), *turned_size(*self._stored, tiff_orientation(page)))
        self.dtype = dtype.newbyteorder("=")

    def _turned(self, spacing: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        """The voxel size of slices that are turned as their orientation tag asks, as those of a folder are."""
        if spacing is None:
            return None
        return spacing[0], *turned_size(spacing[1], spacing[2], tiff_orientation(self._series.keyframe))

    def _require_one_stack(self, stacked: list[tuple[str, int]]) -> None:
        """Channels or time points that are too many to be such are slices; programs often call z so."""
        text = ", ".join(f"{axis}={size}" for axis, size in stacked)
        called = [axis for axis, _ in stacked if axis in MISNAMED]
        if len(stacked) == 1 and called and stacked[0][1] > MOST_CHANNELS:
            line = f"{self.path} calls its slices {MISNAMED[called[0]]} ({text}): they are taken as z."
            log_once(logger, logging.INFO, line)
        elif len(stacked) == 1 and called:
            raise InputError(
                f"{self.path} has {text}, {MISNAMED[called[0]]} and no slices: save one of them as a stack of its own. "
                "If they are slices, set Slices in Fiji under Image > Properties."
            )
        elif len(stacked) > 1:
            raise InputError(
                f"{self.path} has other axes than z, y and x ({text}): save one channel and time point as a z stack."
            )

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        slab = np.empty((stop - start, *self.shape[1:]), self.dtype)
        for index in range(start, stop):
            with locating(f"page {index}"):
                slab[index - start] = self._page(index)
        return slab

    def _page(self, index: int) -> NDArray[Any]:
        page = self._series.keyframe
        pixels: NDArray[Any]
        if self._series.dataoffset is not None:
            # Uncompressed in one piece: needs no directory per page, of which ImageJ's stacks above 4 GB have none.
            rows, columns = self._stored
            dtype = self.dtype.newbyteorder(self._tif.byteorder)
            offset = self._series.dataoffset + index * rows * columns * dtype.itemsize
            pixels = self._tif.filehandle.read_array(dtype, rows * columns, offset).reshape(rows, columns)
        else:
            stored = self._series[index]
            if stored is None:
                raise InputError(f"Page {index} is missing from {self.path}: export the volume again.")
            page, pixels = stored.keyframe or page, read_page(stored)
        return turned(low_is_dark(pixels, page, self.path), tiff_orientation(page))

    def close(self) -> None:
        """Close the file."""
        self._tif.close()


def _spacing(tif: tifffile.TiffFile) -> VoxelSize:
    """Voxel size from ImageJ's or OME's metadata; the plain resolution tag is about printing."""
    if tif.is_ome and tif.ome_metadata:
        return _ome_spacing(tif.ome_metadata)
    header = tif.imagej_metadata or {}
    resolution = [tif.pages.first.tags.get(name) for name in ("YResolution", "XResolution")]
    if not tif.is_imagej or not header.get("unit") or not all(resolution):
        return VoxelSize(None)
    # The tag holds pixels per unit as a fraction.
    y, x = (tag.value[1] / tag.value[0] if tag.value[0] else 0.0 for tag in resolution if tag)
    # ImageJ leaves out a spacing of one unit, other writers one that they do not know.
    z = number(header["spacing"]) if "spacing" in header else 1.0 if x == y == 1.0 else None
    unit = str(header["unit"])
    return voxel_size((z, y, x), (str(header.get("zunit", unit)), str(header.get("yunit", unit)), unit))


def _ome_spacing(xml: str) -> VoxelSize:
    pixels = next((node for node in ElementTree.fromstring(xml).iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return VoxelSize(None)
    lengths = [pixels.get(f"PhysicalSize{axis}") for axis in "ZYX"]
    units = [pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "ZYX"]
    return voxel_size([None if length is None else number(length) for length in lengths], units)
