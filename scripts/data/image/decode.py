"""Headers and pixels of 2D images, one format after the other."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import JpegImagePlugin

from scripts.data.image.bmp import bmp_size, read_bmp
from scripts.data.image.nifti import is_scaled, open_nifti
from scripts.data.image.ome import open_one_file
from scripts.data.image.orientation import jpeg_orientation, png_orientation, tiff_orientation, turned, turned_size
from scripts.data.image.tiff import count_slices, main_series
from scripts.data.image.tiff_colour import PHOTOMETRIC, REMEDY, as_shown, require_known
from scripts.data.image.tiff_page import read_page
from scripts.errors import InputError
from scripts.files.cause import misnamed
from scripts.files.content import content_of
from scripts.files.opening import NIFTI_SUFFIXES, PICTURE_SUFFIXES, has_suffix, require_memory

PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # by colour type; palettes are expanded, alpha does not count
CHANNELS_OF_RGB = 3


@dataclass(frozen=True)
class ImageHeader:
    """What is known of an image without decoding its pixels.

    Attributes:
        height: rows, as shown: turned as its orientation tag asks.
        width: columns as shown.
        channels: 1 (grey) or 3 (RGB), alpha not counted.
        dtype: name of the pixels' type.
        palette: whether its grey values can also be read as the colours of a palette.
    """

    height: int
    width: int
    channels: int
    dtype: str
    palette: bool = False


def decode_header(path: Path) -> ImageHeader:
    """Read the header of an image; see `scripts.data.image.read.read_header`."""
    match _kind(path):
        case "TIFF":
            with open_one_file(path) as tif:
                return _tiff_header(_single_page(tif, path), path)
        case "PNG":
            return _png_header(path)
        case "JPEG":
            with JpegImagePlugin.JpegImageFile(path) as image:
                size = turned_size(image.height, image.width, jpeg_orientation(image))
                return ImageHeader(*size, 1 if image.mode == "L" else 3, "uint8")
        case "BMP":
            return ImageHeader(*bmp_size(path), "uint8")
    nifti = open_nifti(path)
    width, height = _slice_shape(nifti.shape, path)
    dtype = nifti.get_data_dtype()
    return ImageHeader(height, width, 3 if dtype.fields else 1, "float32" if is_scaled(nifti) else dtype.name)


def decode(path: Path, colours: bool) -> NDArray[Any]:
    """Read the pixels of an image, alpha included; see `scripts.data.image.read.read_image`."""
    match _kind(path):
        case "TIFF":
            return _read_tiff(path, colours)
        case "PNG":
            header = _png_header(path)
            require_memory(path, (header.height, header.width, header.channels), np.dtype(header.dtype))
            # PIL cuts 16-bit RGB down to 8 bits, libpng does not.
            return turned(imagecodecs.png_decode(path.read_bytes()), png_orientation(path))
        case "JPEG":
            return _read_jpeg(path)
        case "BMP":
            require_memory(path, bmp_size(path), np.dtype(np.uint8))
            return read_bmp(path)
    return _read_nifti(path)


def _kind(path: Path) -> str:
    """``TIFF``, ``PNG``, ``JPEG`` or ``BMP``, by the content of a picture, or ``NIfTI``."""
    if has_suffix(path, NIFTI_SUFFIXES):
        return "NIfTI"
    if not has_suffix(path, PICTURE_SUFFIXES):
        raise InputError(
            f"{path} is of no known image format: expected .tif, .tiff, .png, .jpg, .bmp, .nii or .nii.gz."
        )
    content = content_of(path)
    if content in ("TIFF", "PNG", "JPEG", "BMP"):
        return content
    raise InputError(misnamed(path) or f"{path} is no picture in spite of its name: copy or export it again.")


def _tiff_header(page: tifffile.TiffPage, path: Path) -> ImageHeader:
    require_known(page, path)
    size = turned_size(page.imagelength, page.imagewidth, tiff_orientation(page))
    channels = 3 if page.samplesperpixel > 2 else 1
    return ImageHeader(*size, channels, str(page.dtype), page.photometric == PHOTOMETRIC.PALETTE)


def _read_tiff(path: Path, colours: bool) -> NDArray[Any]:
    with open_one_file(path) as tif:
        page = _single_page(tif, path, colours)
        require_known(page, path)
        require_memory(path, page.shape, page.dtype)
        pixels = read_page(page)
        pixels = np.moveaxis(pixels, 0, -1) if page.axes.startswith("S") else pixels
        return turned(as_shown(pixels, page, path, colours), tiff_orientation(page))


def _single_page(tif: tifffile.TiffFile, path: Path, colours: bool = False) -> tifffile.TiffPage:
    series = main_series(tif, path)
    page = series.keyframe
    slices = count_slices(series)
    if slices > 1 or page.axes not in ("YX", "YXS", "SYX"):
        if slices == CHANNELS_OF_RGB and ("C" in series.axes or (colours and page.samplesperpixel == 1)):
            raise InputError(
                f"{path} keeps three channels apart, as a composite does: make RGB of it, in Fiji with Image > Type > "
                "RGB Color, and save it again."
            )
        raise _volume(path, series.shape)
    return page


def _png_header(path: Path) -> ImageHeader:
    with path.open("rb") as file:
        start = file.read(26)
    width, height, bits, colour = struct.unpack(">IIBB", start[16:])
    size = turned_size(height, width, png_orientation(path))
    return ImageHeader(*size, PNG_CHANNELS[colour], "uint16" if bits == 16 else "uint8")


def _read_jpeg(path: Path) -> NDArray[Any]:
    # Image.open refuses pictures above 179 megapixels as attacks; what fits into memory is read.
    with JpegImagePlugin.JpegImageFile(path) as image:
        require_memory(path, (image.height, image.width, len(image.getbands())), np.dtype(np.uint8))
        if image.mode == "CMYK" and image.info.get("icc_profile"):
            raise InputError(f"{path} holds CMYK colours with the profile of a printer: {REMEDY}.")
        orientation = jpeg_orientation(image)
        return turned(np.asarray(image if image.mode == "L" else image.convert("RGB")), orientation)


def _read_nifti(path: Path) -> NDArray[Any]:
    nifti = open_nifti(path)
    shape = _slice_shape(nifti.shape, path)
    require_memory(path, shape, nifti.get_data_dtype())
    pixels: NDArray[Any] = np.asanyarray(nifti.dataobj).reshape(shape, order="F")
    if pixels.dtype.names:
        pixels = np.stack([pixels[name] for name in pixels.dtype.names], axis=-1)
    return np.swapaxes(pixels.astype(np.float32) if is_scaled(nifti) else pixels, 0, 1)


def _slice_shape(shape: tuple[int, ...], path: Path) -> tuple[int, int]:
    """Shape (X, Y) of a NIfTI array without its trailing axes of length one."""
    if len(shape) < 2 or any(size != 1 for size in shape[2:]):
        raise _volume(path, shape)
    return shape[0], shape[1]


def _volume(path: Path, shape: tuple[int, ...]) -> InputError:
    text = "x".join(map(str, shape))
    return InputError(f"{path} holds a volume ({text}) where a 2D image was expected: save one slice per file.")
