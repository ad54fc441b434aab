"""The distances that the authors of LPIPS print for their own images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scripts.errors import InputError
from scripts.metrics.lpips_weights import build_lpips

#: Distances from ``ex_ref.png``, as the documentation of the lpips project and its issue 120 print them.
PUBLISHED = {"ex_p0.png": 0.722, "ex_p1.png": 0.138}


def check_published_distances(features: dict[str, torch.Tensor], folder: Path) -> None:
    """Check that LPIPS gives the distances that its authors print for their images, to the three digits printed.

    Raises:
        InputError: images missing, or the distances differ.
    """
    model = build_lpips(features)
    reference = _read_rgb(folder / "ex_ref.png")
    for name, published in PUBLISHED.items():
        distance = float(model(reference, _read_rgb(folder / name), normalize=True))
        print(f"LPIPS of {name}: {distance:.4f}, published: {published}")
        if abs(distance - published) > 0.0005:
            raise InputError(
                f"LPIPS of {folder / name} is {distance:.4f} instead of {published}: do not use the weights."
            )


def _read_rgb(path: Path) -> torch.Tensor:
    """An image as (1, 3, H, W) in [0, 1]."""
    try:
        image = np.array(Image.open(path).convert("RGB"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: give --examples the folder `imgs` of the lpips project.") from error
    return torch.from_numpy(image).permute(2, 0, 1)[None] / 255
