"""A slide without a pyramid, decoded as a whole: PNG, JPEG, and TIFF whose colours must be converted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bundle.pairs.slide.slide import Slide
from scripts.data.image.read import read_header, read_image
from scripts.errors import InputError

LARGEST = 400e6  # pixels


def open_plain(path: Path, pixel_um: float | None = None) -> Slide:
    """Open an image that is decoded as a whole.

    Args:
        path: PNG, JPEG or TIFF.
        pixel_um: edge of its pixels in micrometres, None if the file does not say.

    Raises:
        InputError: too many pixels; no 8-bit or 16-bit RGB.
    """
    header = read_header(path)
    if header.width * header.height > LARGEST:
        raise InputError(
            f"{path} has {header.width} x {header.height} pixels, too many for a file that must be decoded as a "
            "whole: export the slide as OME-TIFF."
        )
    check_channels(path, 3 if header.palette else header.channels)
    pixels = read_image(path, colours=True)
    if pixels.dtype == np.uint16:
        pixels = np.rint(pixels / np.float32(257)).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise InputError(f"{path} holds {pixels.dtype} numbers: export the slide as 8-bit RGB.")
    return _in_memory(path, pixels, pixel_um)


def _in_memory(path: Path, pixels: NDArray[np.uint8], pixel_um: float | None) -> Slide:
    def read(_level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        return pixels[top : top + height, left : left + width]

    return Slide(path, ((pixels.shape[0], pixels.shape[1]),), pixel_um, read)


def check_channels(path: Path, channels: int) -> None:
    """Refuse whatever is no RGB.

    Raises:
        InputError: grey, or with transparency.
    """
    if channels == 1:
        raise InputError(f"{path} is grey: a section must be an RGB image.")
    if channels != 3:
        raise InputError(f"{path} has {channels} channels: a section must be an RGB image without transparency.")
