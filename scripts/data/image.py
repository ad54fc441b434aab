"""Two-dimensional images in one axis convention, whatever the format.

Rows first: ``(H, W)`` or ``(H, W, 3)``. TIFF, PNG and JPEG are taken as stored; a NIfTI array is (X, Y) and is
transposed, so that x runs along the columns and y down the rows. Nothing is flipped. MONAI's ``LoadImage`` transposes
pictures but not NIfTI slices, which is why images are read here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from scripts.data.files import (
    JPEG_SUFFIXES,
    NIFTI_SUFFIXES,
    PNG_SUFFIXES,
    TIFF_SUFFIXES,
    existing_file,
    has_suffix,
    reading,
    require_finite,
    require_grey_type,
)
from scripts.data.nifti import is_scaled, open_nifti
from scripts.data.tiff import count_slices, low_is_dark, main_series
from scripts.errors import InputError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # by colour type; palettes are expanded, alpha does not count


@dataclass(frozen=True)
class ImageHeader:
    """What is known of an image without decoding its pixels; `channels` is 1 (grey) or 3 (RGB), alpha not counted."""

    height: int
    width: int
    channels: int
    dtype: str


def read_header(path: str | PathLike[str]) -> ImageHeader:
    """Read size and number of channels of a 2D image from its header.

    Raises:
        InputError: as `read_image`, as far as the header shows it.
    """
    path = existing_file(path)
    with reading(path):
        if has_suffix(path, TIFF_SUFFIXES):
            with tifffile.TiffFile(path) as tif:
                page = _single_page(tif, path)
                channels = 3 if page.samplesperpixel > 2 else 1
                return ImageHeader(page.imagelength, page.imagewidth, channels, str(page.dtype))
        if has_suffix(path, PNG_SUFFIXES):
            with path.open("rb") as file:
                start = file.read(26)
            if not start.startswith(PNG_SIGNATURE):
                raise ValueError("no PNG signature")
            width, height, bits, colour = struct.unpack(">IIBB", start[16:])
            return ImageHeader(height, width, PNG_CHANNELS[colour], "uint16" if bits == 16 else "uint8")
        if has_suffix(path, JPEG_SUFFIXES):
            with Image.open(path) as image:
                return ImageHeader(image.height, image.width, 1 if image.mode == "L" else 3, "uint8")
        if has_suffix(path, NIFTI_SUFFIXES):
            nifti = open_nifti(path)
            width, height = _slice_shape(nifti.shape, path)
            dtype = nifti.get_data_dtype()
            return ImageHeader(height, width, 3 if dtype.fields else 1, "float32" if is_scaled(nifti) else dtype.name)
    raise _unknown_format(path)


def read_image(path: str | PathLike[str]) -> np.ndarray:
    """Read a 2D image.

    Args:
        path: ``.tif``, ``.tiff``, ``.png``, ``.jpg``, ``.jpeg``, ``.nii`` or ``.nii.gz``.

    Returns:
        Array (H, W), or (H, W, 3) for RGB, contiguous, of the file's own type in native byte order; float32 where a
        NIfTI header asks for rescaling. A MINISWHITE TIFF is inverted, so that larger is brighter. An opaque alpha
        channel is dropped.

    Raises:
        InputError: missing, truncated or damaged file; unknown format; a volume; transparent pixels.
    """
    path = existing_file(path)
    with reading(path):
        if has_suffix(path, TIFF_SUFFIXES):
            pixels = _read_tiff(path)
        elif has_suffix(path, PNG_SUFFIXES):
            # PIL cuts 16-bit RGB down to 8 bits, libpng does not.
            pixels = imagecodecs.png_decode(path.read_bytes())
        elif has_suffix(path, JPEG_SUFFIXES):
            with Image.open(path) as image:
                pixels = np.asarray(image if image.mode == "L" else image.convert("RGB"))
        elif has_suffix(path, NIFTI_SUFFIXES):
            pixels = _read_nifti(path)
        else:
            raise _unknown_format(path)
        pixels = _without_opaque_alpha(pixels, path)
        return np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("="), copy=False))


def read_ct(path: str | PathLike[str]) -> np.ndarray:
    """Read a CT slice.

    Returns:
        float32 array (H, W) of the file's grey values, not windowed.

    Raises:
        InputError: as `read_image`, and for RGB, an unknown pixel type, NaN or infinite values, and a constant image.
    """
    path = Path(path)
    pixels = read_image(path)
    if pixels.ndim == 3:
        raise InputError(f"{path} is an RGB image where a CT slice was expected: convert it to greyscale.")
    require_grey_type(pixels.dtype, path)
    require_finite(pixels, path)
    if pixels.min() == pixels.max():
        raise InputError(f"{path} is constant, every pixel is {pixels.flat[0]}: remove it or export the slice again.")
    return pixels.astype(np.float32)


def read_histology(path: str | PathLike[str]) -> np.ndarray:
    """Read a section.

    Returns:
        float32 array (3, H, W) in [0, 1]: 8-bit values over 255, 16-bit values over 65535.

    Raises:
        InputError: as `read_image`, and for a greyscale image, another pixel type than uint8 or uint16, a constant
            image.
    """
    path = Path(path)
    pixels = read_image(path)
    if pixels.ndim == 2:
        raise InputError(f"{path} is a greyscale image where an RGB section was expected: export it as 8-bit RGB.")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} has pixels of type {pixels.dtype.name}, expected 8-bit or 16-bit RGB: convert it.")
    if pixels.min() == pixels.max():
        raise InputError(f"{path} is constant, every pixel is {pixels.flat[0]}: remove it or export the section again.")
    stain: np.ndarray = np.moveaxis(pixels, -1, 0).astype(np.float32, order="C")
    return np.divide(stain, np.float32(np.iinfo(pixels.dtype).max), out=stain)


def read_mask(path: str | PathLike[str]) -> np.ndarray:
    """Read the mask of valid pixels.

    Returns:
        float32 array (H, W): 0 where the file is 0 (ignore), 1 elsewhere (use).

    Raises:
        InputError: as `read_image`, and for a mask that leaves nothing.
    """
    path = Path(path)
    pixels = read_image(path)
    valid = np.asarray(pixels.reshape(*pixels.shape[:2], -1).any(axis=-1))
    if not valid.any():
        raise InputError(f"{path} masks out the whole image (0 = ignore): correct the mask or remove the item.")
    return valid.astype(np.float32)


def read_labels(path: str | PathLike[str]) -> np.ndarray:
    """Read an image of class ids.

    Returns:
        int64 array (H, W).

    Raises:
        InputError: as `read_image`, and for colours or fractions instead of ids.
    """
    path = Path(path)
    pixels = read_image(path)
    if pixels.ndim != 2 or pixels.dtype.kind not in "ui" or (pixels.size and int(pixels.min()) < 0):
        raise InputError(
            f"{path} holds {'colours' if pixels.ndim > 2 else pixels.dtype.name} where class ids were expected: save "
            "one whole number for each pixel."
        )
    return pixels.astype(np.int64)


def _read_tiff(path: Path) -> np.ndarray:
    with tifffile.TiffFile(path) as tif:
        page = _single_page(tif, path)
        pixels = low_is_dark(page.asarray(), page, path)
        return np.moveaxis(pixels, 0, -1) if page.axes.startswith("S") else pixels


def _single_page(tif: tifffile.TiffFile, path: Path) -> tifffile.TiffPage:
    series = main_series(tif, path)
    page = series.keyframe
    if count_slices(series) > 1 or page.axes not in ("YX", "YXS", "SYX"):
        shape = "x".join(map(str, series.shape))
        raise InputError(f"{path} holds a volume ({shape}) where a 2D image was expected: save one slice per file.")
    return page


def _read_nifti(path: Path) -> np.ndarray:
    nifti = open_nifti(path)
    shape = _slice_shape(nifti.shape, path)
    pixels: np.ndarray = np.asanyarray(nifti.dataobj).reshape(shape, order="F")
    if pixels.dtype.names:
        pixels = np.stack([pixels[name] for name in pixels.dtype.names], axis=-1)
    return np.swapaxes(pixels.astype(np.float32) if is_scaled(nifti) else pixels, 0, 1)


def _slice_shape(shape: tuple[int, ...], path: Path) -> tuple[int, int]:
    """Shape (X, Y) of a NIfTI array without its trailing axes of length one."""
    if len(shape) < 2 or any(size != 1 for size in shape[2:]):
        text = "x".join(map(str, shape))
        raise InputError(f"{path} holds a volume ({text}) where a 2D image was expected: save one slice per file.")
    return shape[0], shape[1]


def _without_opaque_alpha(pixels: np.ndarray, path: Path) -> np.ndarray:
    if pixels.ndim == 2 or pixels.shape[-1] == 3:
        return pixels
    if pixels.ndim != 3 or pixels.shape[-1] not in (2, 4):
        raise InputError(f"{path} has {pixels.shape[-1]} channels, expected grey or RGB: export it with one or three.")
    full = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    if (pixels[..., -1] != full).any():
        raise InputError(f"{path} has transparent pixels: flatten it and save it without alpha channel.")
    return pixels[..., 0] if pixels.shape[-1] == 2 else pixels[..., :3]


def _unknown_format(path: Path) -> InputError:
    return InputError(f"{path} is of no known image format: expected .tif, .tiff, .png, .jpg, .nii or .nii.gz.")
