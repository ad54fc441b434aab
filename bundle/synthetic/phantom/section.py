"""From optical density to the photographed section: Beer-Lambert, illumination, optics and camera noise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Array = NDArray[np.floating]

WHITE = (246.0, 245.0, 243.0)


@dataclass(frozen=True)
class Slide:
    """How one section was stained and photographed.

    Attributes:
        strength: factor on the optical density (dye and thickness of the section).
        light: (6,) coefficients of a quadratic polynomial over the field of view, relative to white.
        noise: standard deviation of the camera's noise in grey levels.
        white: of the empty slide, red, green and blue in grey levels.
        uneven: greatest deviation of the light, relative to white.
    """

    strength: float
    light: Array
    noise: float
    white: tuple[float, float, float] = WHITE
    uneven: float = 0.02

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Slide:
        """Draw the settings of a specimen's slides."""
        return cls(float(rng.uniform(0.92, 1.08)), rng.normal(0, 0.006, 6), float(rng.uniform(0.8, 1.4)))

    def vary(self, rng: np.random.Generator) -> Slide:
        """Another section of the same specimen: the same dye, a slightly different thickness and illumination."""
        light = self.light + rng.normal(0, 0.002, 6)
        return replace(self, strength=self.strength * float(rng.uniform(0.98, 1.02)), light=light)

    def photograph(self, rng: np.random.Generator, optical_density: Array, y: Array, x: Array) -> NDArray[np.uint8]:
        """Return uint8 RGB (H, W, 3).

        Args:
            rng: source of the camera's noise.
            optical_density: (3, H, W), decadic, of the unit-strength section.
            y: (H,) rows from the middle, in half fields of view.
            x: (W,) columns likewise.
        """
        v, u = np.clip(y, -1, 1)[:, None], np.clip(x, -1, 1)[None, :]
        terms = (np.ones_like(u * v), u + 0 * v, v + 0 * u, u * v, u**2 + 0 * v, v**2 + 0 * u)
        light = 1 + np.clip(sum(c * t for c, t in zip(self.light, terms, strict=True)), -self.uneven, self.uneven)
        image = np.asarray(self.white)[:, None, None] * 10 ** (-self.strength * optical_density) * light
        image = gaussian_filter(image, (0, 0.45, 0.45)) + rng.normal(0, self.noise, optical_density.shape)
        pixels: NDArray[np.uint8] = np.clip(np.rint(image), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        return pixels
