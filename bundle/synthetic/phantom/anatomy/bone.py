"""Old (lamellar) bone before the operation: a cortical plate with osteons above a trabecular network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.scatter import jittered_points
from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]
FAR = 1e3


@dataclass(frozen=True)
class BoneSlice:
    """Old bone on one slice, all (H, W), lengths in pixels.

    Attributes:
        distance: signed distance to the bone's surface, as if it had no canals, negative inside.
        canal: signed distance to the blood vessels' canals, negative in a canal.
        outside: signed distance to the bone's outer (periosteal) surface, negative inside the bone and in the marrow.
        layer: coordinate across the lamellae.
        lamellation: how marked the lamellae are, 0 to 1.
        cement: coverage by cement lines inside the bone, 0 to 1.
        mineral: deviation of the local attenuation from the mean, 1/cm.
    """

    distance: Array
    canal: Array
    outside: Array
    layer: Array
    lamellation: Array
    cement: Array
    mineral: Array


class OldBone:
    """Cortical plate and trabeculae of one specimen.

    Args:
        rng: source of all shapes.
        half: half sides (z, y, x) in pixels of the box in which osteons are placed.
        scale: size of the gross anatomy relative to the default slice of 512 pixels.
    """

    def __init__(self, rng: np.random.Generator, half: tuple[float, float, float], scale: float) -> None:
        self.top = rng.uniform(-158, -140) * scale
        self.bottom = self.top + rng.uniform(95, 150) * scale
        self.surface = WaveField(rng, 320 * max(scale, 0.4))
        self.endosteum = WaveField(rng, 90 * max(scale, 0.5))
        self.roughness = rng.uniform(5, 11) * max(scale, 0.4)
        self.network = WaveField(rng, rng.uniform(130, 165) * max(scale, 0.5), spread=0.4)
        self.openings = WaveField(rng, 150 * max(scale, 0.5))
        self.thickness = rng.uniform(8.5, 11.5)
        self.packets = WaveField(rng, 60)
        self.density = WaveField(rng, 70, spread=0.7)
        spacing = rng.uniform(40, 46)
        seeds = jittered_points(rng, (spacing / 2, half[1] + 40, half[2] + 40), spacing, 0.5)
        self.osteons = rng.permutation(seeds, axis=0)[:, 1:]
        self.lean = rng.normal(0, 0.08, (len(seeds), 2)) + rng.normal(0, 0.12, 2)
        self.radius = rng.uniform(15, 29, len(seeds))
        self.line = rng.uniform(0.25, 0.9, len(seeds))
        self.canal = rng.uniform(2.8, 5.2, len(seeds))
        # Young osteons are less mineralised than the bone they replaced.
        self.youth = rng.normal(-0.03, 0.10, len(seeds))

    def slice(self, z: float, y: Array, x: Array, depth: Array) -> BoneSlice:
        """Evaluate on one slice; ``depth`` (H, W) is the coordinate across the cortical plate."""
        depth = depth + self.roughness * self.surface.slice(z, y, x)
        outside = self.top - depth
        inner = depth - self.bottom - self.roughness * self.endosteum.slice(z, y, x)
        cortex = np.maximum(outside, inner)
        wave, slope = self.network.slice_and_slope(z, y, x)
        # Sheets about the zeros of a wave field, opened where a second field is low: plates and rods with round joints.
        thickness = self.thickness * (1 + 0.30 * self.openings.slice(z, y, x))
        typical = np.sqrt(np.mean(self.network.k**2) * 3)
        trabeculae = np.abs(wave) / np.sqrt(slope**2 + (0.45 * typical) ** 2) - thickness
        trabeculae = np.maximum(trabeculae, outside + 6)
        distance = smooth_minimum(cortex, trabeculae, 6.0)
        layer = np.where(cortex < trabeculae, depth, trabeculae)
        packets = self.packets.slice(z, y, x)
        # Reversal lines: former surfaces, parallel to today's, kept only in places.
        reversal = cover_line(distance + 4.5 + 1.5 * packets) * (packets > 0.1) * (cortex >= -10)
        mineral = 0.12 * self.density.slice(z, y, x) + np.where(distance + 4.5 + 1.5 * packets > 0, -0.05, 0.03)
        canal = np.full(distance.shape, FAR)
        self._paint_osteons(z, y, x, cortex, layer, reversal, mineral, canal)
        lamellation = np.clip(0.55 - 0.4 * packets, 0, 1)
        return BoneSlice(distance, canal, outside, layer, lamellation, reversal, mineral)

    def _paint_osteons(
        self, z: float, y: Array, x: Array, cortex: Array, layer: Array, cement: Array, mineral: Array, canal: Array
    ) -> None:
        centres = self.osteons + self.lean * z
        properties = zip(centres, self.radius, self.canal, self.youth, self.line, strict=True)
        for (row, column), radius, hole, youth, line in properties:
            rows = slice(*np.searchsorted(y, [row - radius - 1, row + radius + 1]))
            columns = slice(*np.searchsorted(x, [column - radius - 1, column + radius + 1]))
            if rows.start == rows.stop or columns.start == columns.stop:
                continue
            box = (rows, columns)
            if cortex[box].min() >= -6:
                continue
            angle = np.arctan2(y[rows, None] - row, x[None, columns] - column)
            away = np.hypot(y[rows, None] - row, x[None, columns] - column)
            away = away * (1 + 0.10 * np.sin(2 * angle + 9 * youth) + 0.05 * np.sin(3 * angle + radius))
            mine = (away < radius) & (cortex[box] < -6)
            layer[box][mine] = away[mine]
            canal[box][mine] = away[mine] - hole
            cement[box][mine] = line * cover_line(radius - 0.8 - away)[mine]
            mineral[box][mine] = 0.5 * mineral[box][mine] + youth


def cover_line(distance: Array, half_width: float = 0.6) -> Array:
    """Coverage of a pixel by a thin line at signed distance ``distance`` from its middle, all in pixels."""
    return np.clip(half_width + 0.5 - np.abs(distance), 0, 1)


def smooth_minimum(a: Array, b: Array, width: float) -> Array:
    """Minimum with fillets of about ``width`` pixels where the two surfaces meet (quadratic polynomial form)."""
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    return b + (a - b) * h - width * h * (1 - h)
