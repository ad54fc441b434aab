"""One specimen: its random anatomy, and the painting of any of its slices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.bone import BoneSlice, OldBone, cover_line, smooth_minimum
from bundle.synthetic.phantom.anatomy.canvas import Canvas, cover, density
from bundle.synthetic.phantom.anatomy.degradation import Degradation
from bundle.synthetic.phantom.anatomy.dyes import PLAIN, Dyes
from bundle.synthetic.phantom.anatomy.marrow import Marrow
from bundle.synthetic.phantom.anatomy.materials import (
    BLACK,
    BROWN,
    IMPLANTS,
    METAL,
    MU_LACUNA,
    MU_NEW_BONE,
    MU_OLD_BONE,
    MU_OSTEOID,
    MU_RESIN,
    NEW_BONE,
    NO_IMPLANT,
    OLD_BONE,
    OSTEOID,
    RESIN,
    SOFT,
)
from bundle.synthetic.phantom.anatomy.scatter import jittered_points, near_slice, spheroid_sections
from bundle.synthetic.phantom.anatomy.screw import METRIC, NoScrew, Screw, Thread
from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]
Mask = NDArray[np.bool_]


class Specimen:
    """A threaded screw in bone after ``weeks`` of healing.

    Everything is drawn once, from ``rng``; a slice is then a function of its height, so that slices and whole volumes
    show the same body.

    Args:
        rng: generator of this specimen.
        material: a key of `materials.IMPLANTS`, or ``none``.
        weeks: healing time, 4, 8 or 12.
        size: side of a slice in pixels.
        half_depth: greatest height in pixels, above or below the middle, at which a slice will be asked for.
        thread: shape of the screw.
        dyes: colours of the stain.
        fat: size of fat cells relative to the default.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        material: str,
        weeks: int,
        size: int,
        half_depth: float = 90.0,
        thread: Thread = METRIC,
        dyes: Dyes = PLAIN,
        fat: float = 1.0,
    ) -> None:
        self.implant = NO_IMPLANT if material == NO_IMPLANT.name else IMPLANTS[material]
        self.dyes = dyes
        healed = weeks / 12
        scale = size / 512
        half = (half_depth + 10, size / 2 + 10, size / 2 + 10)
        self.scale = scale
        self.screw = (NoScrew if material == NO_IMPLANT.name else Screw)(rng, scale, thread)
        self.bone = OldBone(rng, half, scale)
        self.marrow = Marrow(rng, half, dyes, fat)
        self.degradation = Degradation(rng, self.implant.degradation * (0.25 + 0.75 * healed) * max(scale, 0.3), dyes)
        self.hole = rng.uniform(0.25, 0.7)
        self.hole_shape = WaveField(rng, 110)
        self.growth = (10 + 22 * healed) * rng.uniform(0.85, 1.2) * max(scale, 0.5)
        self.growth_shape = WaveField(rng, 95)
        self.apposition = (2.5 + 4.5 * healed) * rng.uniform(0.8, 1.2)
        self.apposition_shape = WaveField(rng, 65)
        self.pores = WaveField(rng, 34, spread=0.35)
        self.gap_shape = WaveField(rng, 85)
        self.seam = WaveField(rng, 55)
        self.new_mineral = WaveField(rng, 55, spread=0.7)
        self.weave = WaveField(rng, 9, spread=0.5, waves=96)
        self.tissue_edge = WaveField(rng, 240 * max(scale, 0.4))
        self.periosteum = rng.uniform(28, 60) * scale
        self.old_lacunae = jittered_points(rng, half, 9.5, 0.85)
        self.old_lacuna_size = rng.uniform(0.8, 1.2, len(self.old_lacunae))
        self.new_lacunae = jittered_points(rng, half, 8.2, 0.85)
        self.new_lacuna_size = rng.uniform(0.8, 1.25, len(self.new_lacunae))
        tilt = rng.normal(size=(len(self.new_lacunae), 3))
        self.new_lacuna_normal = tilt / np.linalg.norm(tilt, axis=1, keepdims=True)

    def slice(self, z: float, y: Array, x: Array) -> Canvas:
        """Paint the slice at height ``z`` for rows ``y`` (H,) and columns ``x`` (W,), all in pixels from the middle."""
        depth, radius = self.screw.frame(z, y, x)
        screw = self.screw.distance(z, y, x)
        metal, implant = self.degradation.surfaces(z, y, x, screw)
        bone = self.bone.slice(z, y, x, depth)
        solid = self._operated(z, y, x, bone, depth, radius, np.minimum(screw, implant))
        new = self._new_bone(z, y, x, bone, solid, implant)
        canvas = Canvas((len(y), len(x)), MU_RESIN, RESIN)
        covered = np.minimum.reduce([np.maximum(solid, -bone.canal), new, implant]) < -1
        self._paint_soft(canvas, z, y, x, bone, implant, covered)
        self._paint_new(canvas, z, y, x, new)
        self._paint_old(canvas, z, y, x, bone, solid, new)
        if self.implant.degradation > 0:
            self.degradation.paint(canvas, z, y, x, cover(implant), implant)
        self._paint_implant(canvas, metal)
        return canvas

    def _operated(
        self, z: float, y: Array, x: Array, bone: BoneSlice, depth: Array, radius: Array, screw: Array
    ) -> Array:
        """Old bone less the drilled hole, what the thread cut away and what was resorbed."""
        wave = self.hole_shape.slice(z, y, x)
        groove = self.screw.major - self.screw.minor
        hole = self.screw.minor + groove * np.clip(self.hole + 0.45 * wave, -0.1, 1.3)
        drilled = np.minimum(hole - radius, self.screw.tip + (4 + 10 * wave) * self.scale - depth)
        cut = np.maximum(drilled, 1.5 + 3 * np.clip(wave, 0, None) - screw)
        left: Array = np.maximum(bone.distance, cut)
        return left

    def _new_bone(self, z: float, y: Array, x: Array, bone: BoneSlice, old: Array, implant: Array) -> Array:
        """Signed distance to new bone: a porous cuff on the implant and a layer on surfaces of old bone near it."""
        near_old = np.exp(-np.maximum(old, 0) / (45 * max(self.scale, 0.3)))
        cuff = implant - self.growth * (0.30 + 0.75 * near_old) * (1 + 0.45 * self.growth_shape.slice(z, y, x)) + 3
        pores, slope = self.pores.slice_and_slope(z, y, x)
        cuff = np.maximum(cuff, (pores - 0.95) / np.maximum(slope, 0.12))
        reach = np.exp(-((np.maximum(implant, 0) / (105 * self.scale)) ** 2))
        layer = old - self.apposition * reach * (1 + 0.8 * self.apposition_shape.slice(z, y, x)) + 0.8
        # Outside the skeleton new bone is a callus that slopes down from the implant.
        callus = (24 + 12 * self.tissue_edge.slice(z, y, x)) * np.exp(-((implant / (22 * self.scale)) ** 2))
        cuff = np.maximum(cuff, 0.7 * (bone.outside - callus * self.scale))
        gap = self.implant.gap + 3.5 * self.gap_shape.slice(z, y, x)
        distance: Array = np.maximum.reduce([smooth_minimum(cuff, layer, 5.0), gap - implant, -bone.canal])
        return distance

    def _paint_soft(
        self, canvas: Canvas, z: float, y: Array, x: Array, bone: BoneSlice, implant: Array, covered: Mask
    ) -> None:
        soft = Canvas(canvas.mu.shape, MU_RESIN, SOFT)
        scar = np.clip((9 * self.scale - implant) / 6 + 0.5, 0, 1)
        fibrous = np.maximum(scar, np.clip(0.5 + (bone.outside + 4) / 6, 0, 1))
        across = np.where(implant < bone.outside + 14 * self.scale, implant, bone.outside)
        self.marrow.paint(soft, z, y, x, fibrous, across, covered)
        edge = bone.outside - self.periosteum * (1 + 0.4 * self.tissue_edge.slice(z, y, x))
        canvas.paint(cover(edge), soft.mu, soft.optical_density, SOFT)
        canvas.optical_density += density(BROWN, 0.004)

    def _paint_new(self, canvas: Canvas, z: float, y: Array, x: Array, new: Array) -> None:
        seam = 2.8 * np.clip(0.35 + self.seam.slice(z, y, x), 0, 1)
        canvas.paint(
            cover(new - seam), MU_OSTEOID, density(self.dyes.osteoid, 0.13) + density(self.dyes.soft, 0.02), OSTEOID
        )
        mineral = 0.13 * self.new_mineral.slice(z, y, x)
        weave = self.weave.slice(z, y, x)
        # Young, little mineralised matrix takes up more dye.
        stain = np.clip(0.47 - 0.45 * mineral + 0.025 * weave, 0.33, 0.64)
        inside = cover(new)
        canvas.paint(inside, MU_NEW_BONE + mineral + 0.045 * weave, density(self.dyes.new, stain), NEW_BONE)
        near = near_slice(self.new_lacunae, z, 4)
        size = self.new_lacuna_size[near]
        offsets = self.new_lacunae[near] - [z, y[0], x[0]]
        lacunae = spheroid_sections(inside.shape, offsets, self.new_lacuna_normal[near], 1.7 * size, 2.3 * size)
        dark = density(self.dyes.cells, 0.95) + density(self.dyes.soft, 0.12)
        canvas.paint(lacunae * cover(new + 2.5), MU_LACUNA, dark)

    def _paint_old(
        self, canvas: Canvas, z: float, y: Array, x: Array, bone: BoneSlice, solid: Array, new: Array
    ) -> None:
        old = np.maximum(solid, -bone.canal)
        inside = cover(old)
        lamella = bone.lamellation * np.cos(2 * np.pi * bone.layer / 5.0)
        mu = MU_OLD_BONE + bone.mineral + 0.035 * lamella
        stain = np.clip(0.145 - 0.16 * bone.mineral + 0.022 * lamella, 0.08, 0.22)
        canvas.paint(inside, mu, density(self.dyes.old, stain) + density(self.dyes.soft, 0.02), OLD_BONE)
        joint = cover_line(solid + 0.6) * cover(new - 1)
        cement = np.maximum(bone.cement * cover(old + 1), joint)
        dark = density(self.dyes.cells, 0.34) + density(self.dyes.soft, 0.10)
        canvas.paint(0.8 * cement, MU_OLD_BONE + 0.22, dark)
        near = near_slice(self.old_lacunae, z, 4)
        offsets = self.old_lacunae[near] - [z, y[0], x[0]]
        rows, columns = (np.clip(np.rint(offsets[:, i]).astype(int), 0, inside.shape[i - 1] - 1) for i in (1, 2))
        slope = np.stack(np.gradient(bone.layer))[:, rows, columns]
        length = np.maximum(np.linalg.norm(slope, axis=0), 1e-6)
        normals = np.stack([np.zeros(len(rows)), slope[0] / length, slope[1] / length], axis=1)
        size = self.old_lacuna_size[near]
        lacunae = spheroid_sections(inside.shape, offsets, normals, 0.85 * size, 2.5 * size)
        dark = density(self.dyes.cells, 0.80) + density(self.dyes.soft, 0.08)
        canvas.paint(lacunae * cover(old + 2), MU_LACUNA, dark)

    def _paint_implant(self, canvas: Canvas, metal: Array) -> None:
        inside = cover(metal)
        if self.implant.label == METAL:
            canvas.paint(inside, self.implant.mu, density(BLACK, 1.0), METAL)
        else:
            canvas.paint(inside, self.implant.mu, density(BROWN, 0.022), self.implant.label)
            # The edge of a cut polymer refracts light and shows as a faint line.
            canvas.optical_density += cover_line(metal, 0.7) * density(BROWN, 0.10)
