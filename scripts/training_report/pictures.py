"""Images as small JPEGs that lie within a page."""

from __future__ import annotations

import base64
import io

import torch
from PIL import Image
from torch.nn import functional as F

LARGE, SMALL = 400, 240  # longest sides, pixels: of slices that are always shown, and of the worst
QUALITY = 75  # of JPEG: about a quarter of a byte per pixel of a section


def as_jpeg(image: torch.Tensor, side: int) -> str:
    """Make an image small, by the mean of the pixels that become one.

    Args:
        image: (1 or 3, H, W) in [0, 1], on any device; what is not finite becomes black.
        side: longest side of the picture, pixels; a smaller image keeps its own.

    Returns:
        JPEG in base64.
    """
    image = torch.as_tensor(image).detach().float().nan_to_num(0.0, 1.0, 0.0).clamp(0, 1)
    height, width = image.shape[-2:]
    scale = side / max(height, width)
    if scale < 1:
        size = max(1, round(height * scale)), max(1, round(width * scale))
        image = F.interpolate(image[None], size, mode="area")[0]
    levels = (image * 255).round().byte().cpu().numpy()
    picture = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode("ascii")
