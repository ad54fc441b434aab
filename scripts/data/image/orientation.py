"""How a picture must be turned before it is shown: tag 274 of EXIF and TIFF, which every viewer follows."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, PngImagePlugin

Length = TypeVar("Length", int, float)

TAG = 274
#: For each value: whether rows and columns are swapped, then rows reversed, then columns reversed.
TURNS = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
ABOUT_THE_PICTURE = (b"IHDR", b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"IEND")


def turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return a view (H, W, ...) of the stored pixels as they are to be shown."""
    swapped, up, left = TURNS[orientation]
    pixels = np.swapaxes(pixels, 0, 1) if swapped else pixels
    return pixels[:: -1 if up else 1, :: -1 if left else 1]


def turned_size(height: Length, width: Length, orientation: int) -> tuple[Length, Length]:
    """Height and width as shown from height and width as stored, in pixels or as lengths."""
    return (width, height) if TURNS[orientation][0] else (height, width)


def stored_part(part: tuple[int, int, int, int], size: tuple[int, int], orientation: int) -> tuple[int, int, int, int]:
    """Where a part of the shown picture is stored.

    Args:
        part: top, left, height and width of the part as shown.
        size: height and width of the whole as shown.
        orientation: tag 274.

    Returns:
        Top, left, height and width in the stored picture.
    """
    top, left, height, width = part
    swapped, up, mirrored = TURNS[orientation]
    top = size[0] - top - height if up else top
    left = size[1] - left - width if mirrored else left
    return (left, top, width, height) if swapped else (top, left, height, width)


def tiff_orientation(page: tifffile.TiffPage) -> int:
    """Tag 274 of a page; 1 where it is missing or has no meaning."""
    return _known(page.tags.valueof(TAG, 1))


def jpeg_orientation(image: JpegImagePlugin.JpegImageFile) -> int:
    """EXIF's orientation of an open JPEG file."""
    return _orientation(image)


def png_orientation(path: Path) -> int:
    """EXIF's orientation of a PNG file. EXIF may stand behind the pixels, which are not decoded to find it."""
    kept = [PNG_SIGNATURE]
    with path.open("rb") as file:
        file.seek(len(PNG_SIGNATURE))
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind in ABOUT_THE_PICTURE:
                kept.append(head + file.read(length + 4))
            else:
                file.seek(length + 4, 1)
    if len(kept) <= 3:  # signature, header and end
        return 1
    try:
        return _orientation(PngImagePlugin.PngImageFile(BytesIO(b"".join(kept))))
    except (SyntaxError, ValueError):  # damaged; the error is raised when the pixels are decoded
        return 1


def _orientation(image: Image.Image) -> int:
    try:
        return _known(Image.Image.getexif(image).get(TAG, 1))  # `PngImageFile.getexif` would decode the pixels
    except Exception:  # Pillow raises many kinds for damaged EXIF; viewers then turn nothing
        return 1


def _known(value: object) -> int:
    return value if isinstance(value, int) and value in TURNS else 1
