"""Smooth random fields in space that can be evaluated on any slice, at no cost for the space between the slices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class WaveField:
    """A zero-mean, unit-variance, nearly Gaussian field: the sum of plane waves of random direction and phase.

    A plane wave is separable, so a whole slice is two matrix products, its gradient is exact, and neighbouring slices
    belong to one field in space. The narrow band of wavelengths gives structures of one typical size (Cahn 1965 models
    spinodal structures, and with them trabecular bone, in this way).

    Args:
        rng: source of directions and phases.
        wavelength: mean wavelength in pixels.
        spread: relative half width of the band of wave numbers, 0 to 1.
        waves: number of plane waves.
    """

    def __init__(self, rng: np.random.Generator, wavelength: float, spread: float = 0.4, waves: int = 64) -> None:
        direction = rng.normal(size=(3, waves))
        direction /= np.linalg.norm(direction, axis=0)
        self.k = direction * (2 * np.pi / wavelength) * rng.uniform(1 - spread, 1 + spread, waves)
        self.phase = rng.uniform(0, 2 * np.pi, waves)
        self.scale = float(np.sqrt(2 / waves))

    def _factors(self, z: float, y: Array, x: Array) -> tuple[Array, Array, Array, Array]:
        kz, ky, kx = self.k
        along_y = np.outer(y, ky) + kz * z + self.phase
        along_x = np.outer(kx, x)
        return np.cos(along_y), np.sin(along_y), np.cos(along_x), np.sin(along_x)

    def slice(self, z: float, y: Array, x: Array) -> Array:
        """Values on the slice at height ``z`` for rows ``y`` (H,) and columns ``x`` (W,), as (H, W)."""
        cos_y, sin_y, cos_x, sin_x = self._factors(z, y, x)
        return self.scale * (cos_y @ cos_x - sin_y @ sin_x)

    def slice_and_slope(self, z: float, y: Array, x: Array) -> tuple[Array, Array]:
        """Values (H, W) and the length (H, W) of the gradient in space, per pixel."""
        cos_y, sin_y, cos_x, sin_x = self._factors(z, y, x)
        squared = np.zeros((len(y), len(x)))
        for k in self.k:
            squared += ((k * sin_y) @ cos_x + (k * cos_y) @ sin_x) ** 2
        return self.scale * (cos_y @ cos_x - sin_y @ sin_x), self.scale * np.sqrt(squared)
