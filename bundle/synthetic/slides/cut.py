"""How a synthetic section was cut from its block and what the knife, the bath and the slide did to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]


@dataclass(frozen=True)
class CutLimits:
    """Greatest values that a cut may have.

    Attributes:
        tilt: degrees, about each axis of the section.
        turn: degrees in the section's plane.
        shrink: shortening along a direction, a share; across it the section is stretched by half as much.
        distortion: pixels, of a smooth displacement in the plane.
        bend: voxels, by which the surface leaves its plane.
        depth: voxels, from the height at which the section is said to have been cut.
    """

    tilt: float = 8.0
    turn: float = 15.0
    shrink: float = 0.07
    distortion: float = 12.0
    bend: float = 2.0
    depth: float = 40.0


@dataclass(frozen=True)
class SectionCut:
    """Where in the block each place of the section comes from.

    Attributes:
        centre: (3,) z, y, x in voxels from the block's middle, below the section's middle.
        axes: (3, 3) columns: the surface's normal, the section's direction of rows, of columns; a rotation.
        stretch: (2, 2) from section to surface, voxels per pixel.
        distortion: displacements in rows and columns, of unit variance.
        bend: displacement along the normal.
        amplitudes: greatest in-plane displacement and bend, voxels.
        guess: z in voxels from the block's middle, what the laboratory notes say.
    """

    centre: Array
    axes: Array
    stretch: Array
    distortion: tuple[WaveField, WaveField]
    bend: WaveField
    amplitudes: tuple[float, float]
    guess: float

    @classmethod
    def draw(cls, rng: np.random.Generator, side: int, depth: int, limits: CutLimits) -> SectionCut:
        """Draw a cut through a block of `depth` slices of `side` pixels that stays inside of it."""
        tilt = np.radians(rng.uniform(-limits.tilt, limits.tilt, 2))
        turn = np.radians(rng.uniform(-limits.turn, limits.turn))
        axes = rotation(turn, *tilt)
        along = rng.uniform(0, np.pi)
        shrink = rng.uniform(0.3, 1) * limits.shrink
        direction = np.array([[np.cos(along), -np.sin(along)], [np.sin(along), np.cos(along)]])
        # A section that is shortened by a share shows more of the block in each of its pixels.
        stretch = direction @ np.diag([1 / (1 - shrink), 1 / (1 + shrink / 2)]) @ direction.T
        reach = 0.5 * side * (np.abs(axes[0, 1]) + np.abs(axes[0, 2])) + limits.bend
        room = max(0.0, depth / 2 - 1 - reach)
        height = rng.uniform(-room, room)
        error = rng.uniform(-limits.depth, limits.depth)
        wavelength = 0.7 * side
        return cls(
            centre=np.array([height, *rng.uniform(-0.02 * side, 0.02 * side, 2)]),
            axes=axes,
            stretch=stretch,
            distortion=(WaveField(rng, wavelength, 0.4), WaveField(rng, wavelength, 0.4)),
            bend=WaveField(rng, 1.2 * side, 0.3),
            amplitudes=(float(rng.uniform(0.4, 1)) * limits.distortion, limits.bend),
            guess=float(np.clip(height + error, 1 - depth / 2, depth / 2 - 1)),
        )

    def places(self, rows: Array, columns: Array) -> Array:
        """Where the pixels of the section come from.

        Args:
            rows: (H,) in CT pixels from the section's middle.
            columns: (W,) likewise.

        Returns:
            (3, H, W) float32: z, y, x in voxels from the block's middle.
        """
        v, u = np.meshgrid(rows, columns, indexing="ij")
        in_plane, out_of_plane = self.amplitudes
        # Waves of unit variance seldom exceed 2.5; beyond, they are cut off smoothly.
        moved = [in_plane * np.tanh(wave.slice(0.0, rows, columns) / 2.5) for wave in self.distortion]
        flat = np.tensordot(self.stretch, np.stack([v, u]), 1) + np.stack(moved)
        lift = out_of_plane * np.tanh(self.bend.slice(0.0, rows, columns) / 2.5)
        local = np.concatenate([lift[None], flat])
        return (np.tensordot(self.axes, local, 1) + self.centre[:, None, None]).astype(np.float32)


def rotation(turn: float, tilt_rows: float, tilt_columns: float) -> Array:
    """A rotation (3, 3) of z, y, x: turned in the plane, then tilted about the rows' and the columns' axis; radians."""

    def about(axis: int, angle: float) -> Array:
        first, second = [other for other in range(3) if other != axis]
        matrix = np.eye(3)
        matrix[first, first] = matrix[second, second] = np.cos(angle)
        matrix[first, second], matrix[second, first] = -np.sin(angle), np.sin(angle)
        return matrix

    return about(1, tilt_rows) @ about(2, tilt_columns) @ about(0, turn)
