"""Small pictures that go into a page as text."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

QUALITY = 80  # of JPEG


def thumbnail_of(image: NDArray[np.floating[Any]]) -> str:
    """A JPEG as Base64.

    Args:
        image: (H, W) or (H, W, 3) in [0, 1].
    """
    pixels = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=QUALITY)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
