"""Residual misregistration between a CT slice and its section: an affine remainder and a smooth field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]


def draw_displacement(rng: np.random.Generator, size: int, magnitude: float) -> NDArray[np.float16]:
    """Draw a displacement field (2, H, W) in pixels, rows first, of root-mean-square length ``magnitude``.

    Half of its variance is an affine map (shift, stretch along the cut, shear), half a smooth field.
    """
    position = np.linspace(-1, 1, size)
    v, u = np.meshgrid(position, position, indexing="ij")
    affine = np.stack([a + b * v + c * u for a, b, c in rng.normal(size=(2, 3))])
    pixel = np.arange(size) - (size - 1) / 2
    smooth = np.stack([WaveField(rng, 0.6 * size, spread=0.5).slice(0.0, pixel, pixel) for _ in range(2)])
    field = sum(part / np.sqrt(np.mean(np.sum(part**2, axis=0))) for part in (affine, smooth))
    field *= magnitude / np.sqrt(np.mean(np.sum(field**2, axis=0)))
    rounded: NDArray[np.float16] = field.astype(np.float16)
    return rounded


def displace(image: NDArray[np.uint8], field: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return the displaced RGB image (H, W, 3): its pixel (y, x) shows what lay at (y + dy, x + dx).

    Cubic interpolation; beyond the border the image is mirrored.

    Args:
        image: (H, W, 3) uint8.
        field: (2, H, W) displacement (dy, dx) in pixels.
    """
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]] + field.astype(np.float64)
    channels = [
        map_coordinates(image[..., c].astype(np.float64), [rows, columns], order=3, mode="mirror") for c in range(3)
    ]
    displaced: NDArray[np.uint8] = np.clip(np.rint(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)
    return displaced
