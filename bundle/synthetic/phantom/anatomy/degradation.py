"""The layer of corrosion products that replaces magnesium: fragmented, cracked, strongly textured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.bone import cover_line
from bundle.synthetic.phantom.anatomy.canvas import Canvas, density
from bundle.synthetic.phantom.anatomy.dyes import PLAIN, Dyes
from bundle.synthetic.phantom.anatomy.materials import DEGRADATION, MU_DEGRADATION, VIOLET
from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]


class Degradation:
    """Texture and thickness of the degradation layer of one specimen.

    Args:
        rng: source of the fields.
        thickness: mean thickness in pixels, 0 for inert implants.
        dyes: colours of the stain.
    """

    def __init__(self, rng: np.random.Generator, thickness: float, dyes: Dyes = PLAIN) -> None:
        self.dyes = dyes
        self.thickness = thickness
        self.pits = WaveField(rng, 70, spread=0.6)
        self.fine_pits = WaveField(rng, 18, spread=0.5)
        self.swelling = WaveField(rng, 55)
        self.clumps = WaveField(rng, 11, spread=0.6, waves=96)
        self.grains = WaveField(rng, 5.5, spread=0.4, waves=96)
        self.cracks = WaveField(rng, 34, spread=0.5, waves=96)
        self.fine_cracks = WaveField(rng, 17, spread=0.5, waves=96)

    def surfaces(self, z: float, y: Array, x: Array, screw: Array) -> tuple[Array, Array]:
        """Signed distances (H, W) to the residual metal and to the outside of the layer, from that to the ``screw``."""
        if self.thickness == 0:
            return screw, screw
        depth = self.thickness * (0.72 + 0.42 * self.pits.slice(z, y, x)) + 2.0 * self.fine_pits.slice(z, y, x)
        swelling = 0.16 * self.thickness * (1 + 0.8 * self.swelling.slice(z, y, x))
        roughness = 1.2 * self.clumps.slice(z, y, x)
        return screw + np.maximum(depth, 1.0), screw - np.maximum(swelling + roughness, 0.5)

    def paint(self, canvas: Canvas, z: float, y: Array, x: Array, coverage: Array, outside: Array) -> None:
        """Paint the layer where ``coverage``; ``outside`` is the signed distance to its outer surface."""
        grains = 0.75 * self.clumps.slice(z, y, x) + 0.55 * self.grains.slice(z, y, x)
        # The outer part is rich in Ca and P, the inner one in Mg hydroxide; Gd stays behind in bright grains.
        mu = MU_DEGRADATION + 0.28 * grains + 0.35 * np.clip(grains - 0.9, 0, None)
        mu += 0.10 * np.clip(1 + outside / 10, 0, 1)
        wave, slope = self.cracks.slice_and_slope(z, y, x)
        # The cracks open and close along their way.
        opening = self.swelling.slice(z, y, x) + 0.6 * self.fine_pits.slice(z, y, x)
        crack = cover_line(wave / np.maximum(slope, 0.08), 0.5) * np.clip(0.7 + opening, 0, 1)
        wave, slope = self.fine_cracks.slice_and_slope(z, y, x)
        fine = cover_line(wave / np.maximum(slope, 0.15), 0.2) * np.clip(0.4 - opening, 0, 1)
        hole = np.clip(-1.2 - 2.0 * (grains + 0.4), 0, 1)
        crack = np.maximum.reduce([crack, 0.8 * fine, hole])
        stain = density(self.dyes.products, 0.62 + 0.30 * (mu - MU_DEGRADATION)) + density(VIOLET, 0.05)
        canvas.paint(coverage, mu, stain, DEGRADATION)
        canvas.paint(coverage * crack, 0.45, density(self.dyes.products, 0.20))
