"""Two-dimensional images in one axis convention, whatever the format.

Rows first: ``(H, W)`` or ``(H, W, 3)``. TIFF, PNG and JPEG are turned as their orientation tag asks, which every
viewer does; a NIfTI array is (X, Y) and is transposed, so that x runs along the columns and y down the rows. Nothing
else is flipped. MONAI's ``LoadImage`` transposes pictures but not NIfTI slices, which is why images are read here.
"""

from __future__ import annotations

import logging
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.decode import ImageHeader, decode, decode_header
from scripts.data.image.precise import exact_float
from scripts.errors import InputError
from scripts.files.opening import existing_file, reading, require_finite, require_grey_type

logger = logging.getLogger(__name__)

LEAST_OF_16_BITS = 4095  # a brighter pixel than this has any section that uses 16 bits


def read_header(path: str | PathLike[str]) -> ImageHeader:
    """Read size and number of channels of a 2D image from its header.

    Raises:
        InputError: as `read_image`, as far as the header shows it.
    """
    path = existing_file(path)
    with reading(path):
        return decode_header(path)


def read_image(path: str | PathLike[str], colours: bool = False) -> NDArray[Any]:
    """Read a 2D image.

    Args:
        path: ``.tif``, ``.tiff``, ``.png``, ``.jpg``, ``.jpeg``, ``.bmp``, ``.nii`` or ``.nii.gz``. What a picture is
            stored as is told by its content, whatever its name says.
        colours: whether RGB is wanted: the palette of a TIFF is applied, and RGB of 9 to 15 bits is stretched to 16.

    Returns:
        Array (H, W), or (H, W, 3) for RGB, contiguous, of the file's own type in native byte order; float32 where a
        NIfTI header asks for rescaling. A MINISWHITE TIFF is inverted, so that larger is brighter. YCbCr and CMYK
        become RGB. An opaque alpha channel is dropped.

    Raises:
        InputError: missing, truncated or damaged file; unknown format; a volume; transparent pixels; colours of another
            kind; more pixels than fit into memory.
    """
    path = existing_file(path)
    with reading(path):
        pixels = _without_opaque_alpha(decode(path, colours), path)
        return np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("="), copy=False))


def read_ct(path: str | PathLike[str]) -> NDArray[Any]:
    """Read a CT slice.

    Returns:
        Array (H, W) of the file's grey values, not windowed: float32, or float64 where float32 would change them.

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
    return exact_float(pixels)


def read_histology(path: str | PathLike[str]) -> NDArray[Any]:
    """Read a section.

    Returns:
        float32 array (3, H, W) in [0, 1]: 8-bit values over 255, 16-bit values over 65535.

    Raises:
        InputError: as `read_image`, and for a greyscale image, another pixel type than uint8 or uint16, a constant
            image.
    """
    path = Path(path)
    pixels = read_image(path, colours=True)
    if pixels.ndim == 2:
        raise InputError(f"{path} is a greyscale image where an RGB section was expected: export it as 8-bit RGB.")
    if pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"{path} has pixels of type {pixels.dtype.name}, expected 8-bit or 16-bit RGB: convert it.")
    if pixels.dtype == np.uint16 and 0 < pixels.max() <= LEAST_OF_16_BITS:
        bits = int(pixels.max()).bit_length()
        raise InputError(
            f"{path} has 16-bit pixels, none above {pixels.max()}: {bits} bits kept in 16 are nearly black. Stretch "
            f"the values to 65535, or export it as 8-bit RGB."
        )
    if pixels.min() == pixels.max():
        raise InputError(f"{path} is constant, every pixel is {pixels.flat[0]}: remove it or export the section again.")
    stain: NDArray[Any] = np.moveaxis(pixels, -1, 0).astype(np.float32, order="C")
    np.divide(stain, np.float32(np.iinfo(pixels.dtype).max), out=stain)
    return stain


def read_mask(path: str | PathLike[str]) -> NDArray[Any]:
    """Read the mask of valid pixels.

    Returns:
        float32 array (H, W): 0 where the file is 0 (ignore), 1 elsewhere (use).

    Raises:
        InputError: as `read_image`, and for a mask that leaves nothing.
    """
    path = Path(path)
    pixels = read_image(path, colours=True)
    valid = np.asarray(pixels.reshape(*pixels.shape[:2], -1).any(axis=-1))
    if not valid.any():
        raise InputError(f"{path} masks out the whole image (0 = ignore): correct the mask or remove the item.")
    return valid.astype(np.float32)


def read_labels(path: str | PathLike[str]) -> NDArray[Any]:
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


def _without_opaque_alpha(pixels: NDArray[Any], path: Path) -> NDArray[Any]:
    if pixels.ndim == 2 or pixels.shape[-1] == 3:
        return pixels
    if pixels.ndim != 3 or pixels.shape[-1] not in (2, 4):
        raise InputError(f"{path} has {pixels.shape[-1]} channels, expected grey or RGB: export it with one or three.")
    full = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    if (pixels[..., -1] != full).any():
        raise InputError(f"{path} has transparent pixels: flatten it and save it without alpha channel.")
    return pixels[..., 0] if pixels.shape[-1] == 2 else pixels[..., :3]
