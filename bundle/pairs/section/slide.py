"""Whole-slide images: what levels they have, how large their pixels are, and the pixels of a part."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from scripts.data.image.orientation import stored_part, tiff_orientation, turned, turned_size
from scripts.data.image.read import read_header, read_image
from scripts.data.image.tiff_colour import needs_conversion, require_known
from scripts.errors import InputError
from scripts.files.cause import misnamed
from scripts.files.opening import JPEG_SUFFIXES, PNG_SUFFIXES, TIFF_SUFFIXES, existing_file, has_suffix
from scripts.volume.read.units import millimetres

MICROMETRES_X, MICROMETRES_Y = "tiffslide.mpp-x", "tiffslide.mpp-y"
RESOLUTION_UNITS = {2: 25400.0, 3: 10000.0}  # micrometres of TIFF's inch and centimetre
SQUARE = 0.01  # share by which a pixel's edges may differ
WHOLE_SLIDE_SUFFIXES = (".svs", ".ndpi", ".scn", *TIFF_SUFFIXES)
OPENSLIDE_SUFFIXES = (".mrxs", ".vms", ".vmu", ".bif", ".svslide")
OTHER_SLIDES = (".czi", ".vsi", ".isyntax", ".i2syntax", ".dcm", ".zarr", ".ndpis", ".lif", ".nd2", ".ets", ".zip")
SCREEN_PIXEL = 50.0  # micrometres; 72 to 300 dots per inch are what programs write that know nothing
LARGEST_PLAIN = 400e6  # pixels of a PNG or JPEG, which is decoded as a whole

Read = Callable[[int, int, int, int, int], NDArray[np.uint8]]


@dataclass(frozen=True)
class Slide:
    """An open slide.

    Attributes:
        path: its file.
        sizes: height and width of each level, the finest first.
        pixel_um: edge of the finest level's pixels in micrometres, None if the file does not say.
        read: level, top, left, height, width to uint8 RGB (height, width, 3).
    """

    path: Path
    sizes: tuple[tuple[int, int], ...]
    pixel_um: float | None
    read: Read

    def finer(self, level: int) -> float:
        """How many pixels of the finest level lie along one of this level.

        Scanners halve and drop odd rows: 2150 pixels become 1075, 537 and 268, each four or eight times as large.
        """
        ratio = self.sizes[0][0] / self.sizes[level][0]
        return float(round(ratio)) if abs(ratio - round(ratio)) < 0.01 * ratio else ratio

    def level_for(self, factor: float) -> int:
        """The coarsest level that is still as fine as the finest averaged over `factor` pixels."""
        fine_enough = [level for level in range(len(self.sizes)) if self.finer(level) <= factor * (1 + 1e-3)]
        return max(fine_enough, key=self.finer, default=0)

    def part(self, level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        """Read a part of a level as RGB.

        Raises:
            InputError: it cannot be decoded.
        """
        try:
            return self.read(level, top, left, height, width)
        except MemoryError:
            raise
        except Exception as error:  # decoders raise what they like
            raise InputError(
                f"Level {level} of {self.path} cannot be read ({error}): the file is damaged or cut short; "
                "copy it again, or export the slide as OME-TIFF."
            ) from error


def open_slide(path: str | Path) -> Slide:
    """Open SVS, NDPI, SCN, OME-TIFF, pyramidal and plain TIFF (tiffslide), MRXS and others (OpenSlide, where it is
    installed), PNG and JPEG.

    Raises:
        InputError: no such file; a format that is not known; a damaged file; grey or too many channels.
    """
    if has_suffix(Path(path), OTHER_SLIDES):
        raise InputError(
            f"{path} is a slide of a kind that is not read: open it in QuPath or Fiji (Bio-Formats) and export it as "
            "RGB OME-TIFF, or with bioformats2raw and `raw2ometiff --rgb`."
        )
    path = existing_file(path)
    if has_suffix(path, PNG_SUFFIXES + JPEG_SUFFIXES):
        return _plain(path)
    if has_suffix(path, OPENSLIDE_SUFFIXES):
        return _openslide(path)
    if has_suffix(path, WHOLE_SLIDE_SUFFIXES):
        return _tiffslide(path)
    known = ", ".join((*WHOLE_SLIDE_SUFFIXES, *OPENSLIDE_SUFFIXES, *PNG_SUFFIXES, *JPEG_SUFFIXES))
    raise InputError(f"{path} is no slide of a known kind: give a file that ends in {known}.")


def _plain(path: Path, pixel_um: float | None = None) -> Slide:
    header = read_header(path)
    if header.width * header.height > LARGEST_PLAIN:
        raise InputError(
            f"{path} has {header.width} x {header.height} pixels, too many for a file that must be decoded as a "
            "whole: export the slide as OME-TIFF."
        )
    _check_channels(path, 3 if header.palette else header.channels)
    pixels = read_image(path, colours=True)
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise InputError(f"{path} holds {pixels.dtype} numbers: export the slide as 8-bit RGB.")
    return _in_memory(path, pixels, pixel_um)


def _in_memory(path: Path, pixels: NDArray[np.uint8], pixel_um: float | None) -> Slide:
    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        return pixels[top : top + height, left : left + width]

    return Slide(path, ((pixels.shape[0], pixels.shape[1]),), pixel_um, read)


def _tiffslide(path: Path) -> Slide:
    from tiffslide import TiffSlide  # version 2 fails to be imported beside zarr 3, which other commands can use

    try:
        with tifffile.TiffFile(path) as tif:
            series = tif.series[0]
            page = series.levels[0].keyframe
            if series.axes.startswith("S"):
                raise InputError(
                    f"{path} keeps red, green and blue apart (planar): export it with interleaved colours."
                )
            if dict(zip(series.axes, series.shape, strict=True)).get("C") == 3 and page.samplesperpixel == 1:
                raise InputError(
                    f"{path} keeps red, green and blue as three grey channels: export it as RGB, such as with "
                    "`raw2ometiff --rgb`, with QuPath as rendered RGB, or in Fiji after Image > Type > RGB Color."
                )
            if needs_conversion(page):
                require_known(page, path)
                return _plain(path, _square_pixel(path, *(_ome_pixel(tif) if tif.is_ome else _tagged_pixel(page))))
            _check_channels(path, page.samplesperpixel)
            if page.dtype != np.uint8:
                raise InputError(f"{path} holds {page.dtype} numbers: export the slide as 8-bit RGB.")
            orientation = tiff_orientation(page)
            said: tuple[Any, Any] = _ome_pixel(tif) if tif.is_ome else _tagged_pixel(page)
        slide = TiffSlide(path)
        properties = slide.properties
        sizes = tuple((height, width) for width, height in slide.level_dimensions)
    except InputError:
        raise
    except Exception as error:  # tifffile and tiffslide raise many kinds
        raise InputError(
            misnamed(path) or f"{path} cannot be opened as a slide ({error}): the file is damaged or no TIFF."
        ) from error

    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        place = (_base(left, slide.level_downsamples[level]), _base(top, slide.level_downsamples[level]))
        pixels: NDArray[np.uint8] = np.asarray(slide.read_region(place, level, (width, height), as_array=True))
        return pixels[..., :3]

    # tiffslide takes TIFF's resolution, which is about printing, for the size of pixels, before OME's.
    if not (tif.is_ome and all(said)):
        vendor = (properties.get(MICROMETRES_X), properties.get(MICROMETRES_Y))
        said = vendor if all(vendor) else said
    return _turned(Slide(path, sizes, _square_pixel(path, *said), read), orientation)


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


def _ome_pixel(tif: tifffile.TiffFile) -> tuple[float, float]:
    """Edges of a pixel as OME-XML says, micrometres; 0 where it does not."""
    image = tifffile.xml2dict(tif.ome_metadata or "").get("OME", {}).get("Image", {})
    pixels = (image[0] if isinstance(image, list) else image).get("Pixels", {})
    across, down = (
        1000
        * float(pixels.get(f"PhysicalSize{axis}", 0))
        * (millimetres(pixels.get(f"PhysicalSize{axis}Unit", "µm")) or 0)
        for axis in "XY"
    )
    return across, down


def _tagged_pixel(page: tifffile.TiffPage) -> tuple[float, float]:
    """Edges of a pixel as TIFF's resolution says, micrometres; 0 where it does not."""
    unit = RESOLUTION_UNITS.get(int(page.resolutionunit), 0.0)
    across, down = (unit / per_unit if per_unit > 0 else 0.0 for per_unit in page.resolution)
    return across, down


def _openslide(path: Path) -> Slide:
    try:
        import openslide
    except ImportError as error:
        raise InputError(
            f"{path} needs OpenSlide: `pip install openslide-python openslide-bin`, or export the slide as OME-TIFF."
        ) from error
    try:
        slide = openslide.OpenSlide(str(path))
    except openslide.OpenSlideError as error:
        raise InputError(f"{path} cannot be opened as a slide ({error}): the file is damaged or incomplete.") from error
    sizes = tuple((height, width) for width, height in slide.level_dimensions)

    def read(level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        scale = slide.level_downsamples[level]
        region = slide.read_region((round(left * scale), round(top * scale)), level, (width, height))
        glass = Image.new("RGB", region.size, (255, 255, 255))  # where the scanner took no picture
        glass.paste(region, mask=region.getchannel("A"))
        return np.asarray(glass)

    given = (slide.properties.get(openslide.PROPERTY_NAME_MPP_X), slide.properties.get(openslide.PROPERTY_NAME_MPP_Y))
    return Slide(path, sizes, _square_pixel(path, *given), read)


def _check_channels(path: Path, channels: int) -> None:
    if channels == 1:
        raise InputError(f"{path} is grey: a section must be an RGB image.")
    if channels != 3:
        raise InputError(f"{path} has {channels} channels: a section must be an RGB image without transparency.")


def _square_pixel(path: Path, across: float | str | None, down: float | str | None) -> float | None:
    """The pixel's edge in micrometres, None where the file does not say, or says what screens have."""
    try:
        x, y = float(across or 0), float(down or 0)
    except ValueError:
        return None
    if not (0 < x < SCREEN_PIXEL and 0 < y < SCREEN_PIXEL):
        return None
    if abs(x - y) > SQUARE * x:
        raise InputError(f"{path} has pixels of {x:g} x {y:g} micrometres, which are not square: resample it.")
    return x
