"""BMP images, as scanners write slices: 8 bits with a palette of greys, or colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def bmp_size(path: Path) -> tuple[int, int, int]:
    """Height, width and number of channels, 1 or 3, from the header."""
    with _open(path) as image:
        return image.height, image.width, 1 if _is_grey(image) else 3


def read_bmp(path: Path) -> NDArray[Any]:
    """Read a BMP image: uint8 (H, W) if its colours are greys, else (H, W, 3)."""
    with _open(path) as image:
        return np.asarray(image.convert("L" if _is_grey(image) else "RGB"))


def _open(path: Path) -> Image.Image:
    return Image.open(path, formats=["BMP"])


def _is_grey(image: Image.Image) -> bool:
    if image.mode != "P":
        return image.mode in ("1", "L")
    palette = np.array(image.getpalette("RGB")).reshape(-1, 3)
    return bool((palette == palette[:, :1]).all())
