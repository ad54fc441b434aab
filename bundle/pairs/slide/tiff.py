"""TIFF slides with or without a pyramid: SVS, NDPI, SCN, OME-TIFF."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from bundle.pairs.slide.pixel_size import square_pixel
from bundle.pairs.slide.plain import check_channels, open_plain
from bundle.pairs.slide.slide import Read, Slide
from scripts.data.image.orientation import stored_part, tiff_orientation, turned, turned_size
from scripts.data.image.pixel_size import ome_edges, tagged_edges
from scripts.data.image.tiff_colour import needs_conversion, require_known
from scripts.errors import InputError
from scripts.files.cause import misnamed

MICROMETRES_X, MICROMETRES_Y = "tiffslide.mpp-x", "tiffslide.mpp-y"


def open_tiff(path: Path) -> Slide:
    """Open a TIFF, level by level as tiffslide finds them; one whose colours must be converted as a whole.

    Raises:
        InputError: a damaged file; planar, grey or too many channels; pixels that are not square.
    """
    from tiffslide import TiffSlide  # version 2 fails to be imported beside zarr 3, which other commands can use

    try:
        with tifffile.TiffFile(path) as tif:
            page = _interleaved(tif, path)
            said: tuple[Any, Any] = ome_edges(tif.ome_metadata or "") if tif.is_ome else tagged_edges(page)
            if needs_conversion(page):
                require_known(page, path)
                return open_plain(path, square_pixel(path, *said))
            check_channels(path, page.samplesperpixel)
            if page.dtype != np.uint8:
                raise InputError(f"{path} holds {page.dtype} numbers: export the slide as 8-bit RGB.")
            orientation = tiff_orientation(page)
            by_ome = tif.is_ome and all(said)
        slide = TiffSlide(path)
        vendor = (slide.properties.get(MICROMETRES_X), slide.properties.get(MICROMETRES_Y))
        sizes = tuple((height, width) for width, height in slide.level_dimensions)
    except InputError:
        raise
    except Exception as error:  # tifffile and tiffslide raise many kinds
        raise InputError(
            misnamed(path) or f"{path} cannot be opened as a slide ({error}): the file is damaged or no TIFF."
        ) from error
    # tiffslide takes TIFF's resolution, which is about printing, for the size of pixels, before OME's.
    if all(vendor) and not by_ome:
        said = vendor
    return _turned(Slide(path, sizes, square_pixel(path, *said), _reader(slide)), orientation)


def _interleaved(tif: tifffile.TiffFile, path: Path) -> Any:
    """The first page of the finest level, whose colours lie beside each other in each pixel."""
    series = tif.series[0]
    page = series.levels[0].keyframe
    if series.axes.startswith("S"):
        raise InputError(f"{path} keeps red, green and blue apart (planar): export it with interleaved colours.")
    if dict(zip(series.axes, series.shape, strict=True)).get("C") == 3 and page.samplesperpixel == 1:
        raise InputError(
            f"{path} keeps red, green and blue as three grey channels: export it as RGB, such as with "
            "`raw2ometiff --rgb`, with QuPath as rendered RGB, or in Fiji after Image > Type > RGB Color."
        )
    return page


def _reader(slide: Any) -> Read:
    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        place = (_base(left, slide.level_downsamples[level]), _base(top, slide.level_downsamples[level]))
        pixels: NDArray[np.uint8] = np.asarray(slide.read_region(place, level, (width, height), as_array=True))
        return pixels[..., :3]

    return read


def _turned(slide: Slide, orientation: int) -> Slide:
    """The slide as its orientation tag wants it shown."""
    if orientation == 1:
        return slide
    sizes = tuple(turned_size(*size, orientation) for size in slide.sizes)

    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        stored = stored_part((top, left, height, width), sizes[level], orientation)
        return np.ascontiguousarray(turned(slide.read(level, *stored), orientation))

    return Slide(slide.path, sizes, slide.pixel_um, read)


def _base(place: int, downsample: float) -> int:
    """Pixel of the finest level from which tiffslide reads a level's pixel `place`: it truncates the quotient."""
    base = math.ceil(place * downsample)
    return base if int(base / downsample) >= place else base + 1
