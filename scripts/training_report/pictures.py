"""Images as small JPEGs that lie within a page."""

from __future__ import annotations

import base64
import io

import torch
from PIL import Image

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
    levels = torch.as_tensor(image).detach().float().nan_to_num(0.0, 1.0, 0.0).clamp_(0, 1).mul_(255).round_().byte()
    pixels = levels.permute(1, 2, 0).contiguous().cpu().numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    width, height = picture.size
    scale = side / max(width, height)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = picture.resize(size, Image.Resampling.BOX)  # a mean of all pixels: none is skipped
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY)
    return base64.b64encode(file.getvalue()).decode("ascii")
