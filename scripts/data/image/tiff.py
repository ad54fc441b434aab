"""TIFF files as tifffile sees them, with the checks that it leaves to its caller."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from numpy.typing import NDArray

from scripts.errors import InputError


def require_complete(tif: tifffile.TiffFile, path: Path) -> None:
    """Follow the chain of image file directories to its end.

    A truncated TIFF stack is often still readable as a shorter one: tifffile logs the broken link and goes on without
    the lost pages.

    Raises:
        InputError: the chain points beyond the end of the file, or an ImageJ header promises more images than there
            are.
    """
    form, handle = tif.tiff, tif.filehandle
    end = handle.size
    offset, seen = tif.pages.first.offset, set[int]()
    while offset:
        if offset in seen or offset + form.tagnosize > end:
            raise _truncated(path)
        seen.add(offset)
        handle.seek(offset)
        tags = int.from_bytes(handle.read(form.tagnosize), _order(tif))
        handle.seek(offset + form.tagnosize + tags * form.tagsize)
        link = handle.read(form.offsetsize)
        if len(link) < form.offsetsize:
            raise _truncated(path)
        offset = int.from_bytes(link, _order(tif))
    # ImageJ writes stacks of more than 4 GB with a single directory, so the chain alone does not show what is missing.
    promised = int((tif.imagej_metadata or {}).get("images", 1)) if tif.is_imagej else 1
    if promised > max(count_slices(tif.series[0]), len(tif.pages)):
        raise _truncated(path)


def _order(tif: tifffile.TiffFile) -> Literal["little", "big"]:
    return "little" if tif.byteorder == "<" else "big"


def _truncated(path: Path) -> InputError:
    return InputError(f"{path} is truncated, pages are missing at its end: copy or export it again.")


def count_slices(series: tifffile.TiffPageSeries) -> int:
    """Number of 2D images, those without a directory of their own included."""
    return series.size // series.keyframe.size


def main_series(tif: tifffile.TiffFile, path: Path) -> tifffile.TiffPageSeries:
    """Return the one full-size image or stack of a file; thumbnails and pyramid levels do not count.

    Pages of equal size and type are one stack in their order, also where they differ in description, software or
    compression, for which tifffile puts them into series of their own.

    Raises:
        InputError: the file is truncated, or holds images of several sizes or types, or several stacks.
    """
    require_complete(tif, path)
    full = [series for series in tif.series if not series.keyframe.is_reduced]
    if len(full) < 2:
        return full[0] if full else tif.series[0]
    shapes = ", ".join("x".join(map(str, series.shape)) for series in full[:3])
    if len({(series.keyframe.shape, series.keyframe.dtype) for series in full}) > 1:
        raise InputError(f"{path} holds images of different sizes or types ({shapes}): save them as separate files.")
    if any(series.kind != "generic" and (count_slices(series) > 1 or series.kind == "ome") for series in full):
        raise InputError(f"{path} holds {len(full)} images ({shapes}): save them as separate files.")
    pages = sorted((page for series in full for page in series if page is not None), key=_place)
    first = pages[0]
    return tifffile.TiffPageSeries(pages, (len(pages), *first.shape), first.dtype, "I" + first.axes, kind="generic")


def _place(page: tifffile.TiffPage | tifffile.TiffFrame) -> tuple[int, ...]:
    """Where a page stands in the file: its number, or those of its parent and its own."""
    return page.index if isinstance(page.index, tuple) else (page.index,)


def low_is_dark(pixels: NDArray[Any], page: tifffile.TiffPage, path: Path) -> NDArray[Any]:
    """Invert the grey values of a MINISWHITE page, so that larger is brighter.

    Raises:
        InputError: MINISWHITE pixels in floating point, which have no largest value to count from.
    """
    if page.photometric != tifffile.PHOTOMETRIC.MINISWHITE:
        return pixels
    if pixels.dtype.kind == "f":
        raise InputError(f"{path} is a floating-point TIFF marked white-is-zero: save it again as black-is-zero.")
    if pixels.dtype.kind in "ib":
        inverted: NDArray[Any] = np.invert(pixels)
        return inverted
    largest = 2 ** int(page.bitspersample) - 1
    counted_down: NDArray[Any] = (largest - pixels.astype(np.int64)).astype(pixels.dtype)
    return counted_down
