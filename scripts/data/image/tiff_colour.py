"""The colours of TIFF pages as RGB: palettes, YCbCr, CMYK and 12 bits; others are refused by name."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from scripts.data.image.tiff import low_is_dark
from scripts.errors import InputError

PHOTOMETRIC = tifffile.PHOTOMETRIC
ICC_PROFILE, COEFFICIENTS, BLACK_WHITE = 34675, 529, 532  # tags
#: Share of red, green and blue in the brightness, and code values of black and white, where tags do not say.
BT601, FULL_RANGE = (0.299, 0.587, 0.114), (0, 255, 128, 255, 128, 255)
JPEG = (6, 7, 34892)  # compressions whose decoder makes RGB of YCbCr
PLAIN = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.RGB, PHOTOMETRIC.MASK)
REMEDY = "convert it to 8-bit RGB, with ImageMagick by `magick IN -colorspace sRGB -depth 8 OUT.tif`"


def needs_conversion(page: tifffile.TiffPage) -> bool:
    """Whether tifffile decodes anything but grey values or RGB of the type's full range."""
    return not _is_plain(page) or _short(page) > 0


def as_shown(pixels: NDArray[Any], page: tifffile.TiffPage, path: Path, colours: bool) -> NDArray[Any]:
    """Return grey values or RGB of what tifffile has decoded.

    Args:
        pixels: (H, W) or (H, W, samples).
        page: their page.
        path: its file.
        colours: whether RGB is wanted. Else the indices of a palette are grey values or classes and stay, and so do
            samples of 9 to 15 bits.

    Returns:
        The pixels; larger is brighter. RGB of 9 to 15 bits is stretched to 16.

    Raises:
        InputError: colours that are not known here.
    """
    kind = page.photometric
    if _is_plain(page):
        pixels = low_is_dark(pixels, page, path)
        return _stretched(pixels, _short(page)) if colours and _short(page) else pixels
    if kind == PHOTOMETRIC.PALETTE:
        return _from_palette(pixels, page, path) if colours else pixels
    require_known(page, path)
    return _from_ycbcr(pixels, page) if kind == PHOTOMETRIC.YCBCR else cmyk_to_rgb(pixels)


def require_known(page: tifffile.TiffPage, path: Path) -> None:
    """Raise an `InputError` for colours that `as_shown` does not make RGB of."""
    kind = page.photometric
    if _is_plain(page) or kind == PHOTOMETRIC.PALETTE:
        return
    name = kind.name if isinstance(kind, PHOTOMETRIC) else f"photometric interpretation {kind}"
    if kind not in (PHOTOMETRIC.YCBCR, PHOTOMETRIC.SEPARATED):
        raise InputError(f"{path} holds {name} colours: {REMEDY}.")
    name = "YCbCr" if kind == PHOTOMETRIC.YCBCR else "CMYK"
    if page.dtype != np.uint8 or page.samplesperpixel != (3 if name == "YCbCr" else 4):
        raise InputError(f"{path} holds {name} colours with {page.samplesperpixel} samples of {page.dtype}: {REMEDY}.")
    if name == "YCbCr" and page.is_subsampled:
        raise InputError(f"{path} holds YCbCr colours that are subsampled without JPEG compression: {REMEDY}.")
    if name == "CMYK" and ICC_PROFILE in page.tags:
        raise InputError(f"{path} holds CMYK colours with the profile of a printer: {REMEDY}.")
    if name == "CMYK" and page.compression in JPEG:
        raise InputError(f"{path} holds CMYK colours in JPEG compression: {REMEDY}.")


def _is_plain(page: tifffile.TiffPage) -> bool:
    """Whether tifffile decodes grey values or RGB."""
    if page.photometric == PHOTOMETRIC.YCBCR:
        return page.compression in JPEG and page.planarconfig == 1 and not page.extrasamples
    return page.photometric in PLAIN


def cmyk_to_rgb(pixels: NDArray[Any]) -> NDArray[Any]:
    """RGB (H, W, 3) of 8-bit CMYK (H, W, 4), 0 being no ink; without a profile, as libtiff and Pillow do it."""
    light = 255 - pixels.astype(np.float32)
    rgb: NDArray[Any] = np.rint(light[..., :3] * light[..., 3:] / 255).astype(np.uint8)
    return rgb


def _from_palette(pixels: NDArray[Any], page: tifffile.TiffPage, path: Path) -> NDArray[Any]:
    palette = page.colormap
    if palette is None or pixels.dtype.kind != "u" or int(pixels.max(initial=0)) >= palette.shape[1]:
        raise InputError(f"{path} holds palette colours, and its palette lacks some: {REMEDY}.")
    if palette.max() > 255:  # 16 bits, as the format wants it; some programs write 8
        palette = (palette >> 8).astype(np.uint16)
    return np.moveaxis(palette.astype(np.uint8)[:, pixels], 0, -1)


def _from_ycbcr(pixels: NDArray[Any], page: tifffile.TiffPage) -> NDArray[Any]:
    """RGB of YCbCr by the formulas of TIFF 6.0, section 21."""
    red, green, blue = _numbers(page, COEFFICIENTS) or BT601
    levels: Sequence[float] = _numbers(page, BLACK_WHITE) or FULL_RANGE
    levels = FULL_RANGE if any(map(operator.eq, levels[0::2], levels[1::2])) else levels
    y, cb, cr = (
        (pixels[..., channel].astype(np.float32) - black) * scale / (white - black)
        for channel, (black, white, scale) in enumerate(zip(levels[0::2], levels[1::2], (255, 127, 127), strict=True))
    )
    r, b = y + cr * (2 - 2 * red), y + cb * (2 - 2 * blue)
    g = (y - blue * b - red * r) / green
    rgb: NDArray[np.uint8] = np.rint(np.clip(np.stack([r, g, b], axis=-1), 0, 255)).astype(np.uint8)
    return rgb


def _numbers(page: tifffile.TiffPage, tag: int) -> list[float] | None:
    """The fractions of a tag, None where it is missing or no number can be divided by another."""
    value = page.tags.valueof(tag)
    if value is None or len(value) not in (6, 12) or not all(value[1::2]):
        return None
    return [above / below for above, below in zip(value[0::2], value[1::2], strict=True)]


def _short(page: tifffile.TiffPage) -> int:
    """Bits of RGB that takes up 16 but uses fewer, by its tags; 0 where it uses 16, or tags do not say."""
    if page.dtype != np.uint16 or page.photometric != PHOTOMETRIC.RGB:
        return 0
    if isinstance(page.bitspersample, int) and 8 < page.bitspersample < 16:
        return page.bitspersample
    largest = page.tags.valueof("SMaxSampleValue") or page.tags.valueof("MaxSampleValue")
    largest = max(largest) if isinstance(largest, tuple) else largest
    known = {2**bits - 1: bits for bits in range(9, 16)}
    return known.get(largest, 0)


def _stretched(pixels: NDArray[Any], bits: int) -> NDArray[Any]:
    """Stretch samples of fewer bits to 16."""
    largest = 2**bits - 1
    stretched: NDArray[Any] = (np.minimum(pixels, largest).astype(np.uint32) * 65535 // largest).astype(np.uint16)
    return stretched
