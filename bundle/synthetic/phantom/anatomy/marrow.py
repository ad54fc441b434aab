"""Bone marrow: ghosts of fat cells, dissolved in embedding, between blood-forming cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bundle.synthetic.phantom.anatomy.canvas import Canvas, cover, density
from bundle.synthetic.phantom.anatomy.dyes import PLAIN, Dyes
from bundle.synthetic.phantom.anatomy.materials import MU_CELL, MU_FAT, MU_SOFT
from bundle.synthetic.phantom.anatomy.scatter import jittered_points, near_slice, spheroid_sections
from bundle.synthetic.phantom.anatomy.waves import WaveField

Array = NDArray[np.floating]


class Marrow:
    """The marrow of one specimen; also the fibrous tissue that takes its place near the implant.

    Args:
        rng: source of cells and fields.
        half: half sides (z, y, x) in pixels of the box filled with cells.
        dyes: colours of the stain.
        fat: size of fat cells relative to the default.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        half: tuple[float, float, float],
        dyes: Dyes = PLAIN,
        fat: float = 1.0,
    ) -> None:
        self.dyes = dyes
        cells = jittered_points(rng, half, 13.5 * fat, 0.94)
        self.fat = cKDTree(cells)
        self.fat_radius = fat * rng.uniform(5.5, 8.2, len(cells))
        self.fat_rank = rng.random(len(cells))
        self.cells = jittered_points(rng, half, 6.0, 0.7)
        self.cell_radius = rng.uniform(1.1, 2.0, len(self.cells))
        self.fatty = WaveField(rng, 130)
        self.matrix = WaveField(rng, 16, spread=0.6)
        self.bend = WaveField(rng, 60)

    def paint(
        self, canvas: Canvas, z: float, y: Array, x: Array, fibrous: Array, along: Array, covered: NDArray[np.bool_]
    ) -> None:
        """Paint soft tissue all over the canvas, without a class of its own.

        Args:
            canvas: the slice.
            z: height of the slice in pixels.
            y: (H,) rows in the specimen's pixels.
            x: (W,) columns.
            fibrous: (H, W) 0 = marrow, 1 = dense fibrous tissue.
            along: (H, W) coordinate across the fibres in pixels.
            covered: (H, W) where something opaque will be painted over, so that fat cells need not be sought.
        """
        matrix = self.matrix.slice(z, y, x)
        # Fat: cut spheres, pressed flat where two meet.
        rows, columns = np.nonzero((fibrous < 1) & ~covered)
        points = np.stack([np.full(len(rows), z), y[rows], x[columns]], axis=1)
        (first, second), (nearest, _) = (values.T for values in self.fat.query(points, k=2))
        amount = 0.68 + 0.25 * self.fatty.slice(z, y, x)[rows, columns]
        distance = np.full(canvas.mu.shape, 50.0)
        distance[rows, columns] = np.maximum(first - self.fat_radius[nearest], 0.9 - (second - first) / 2)
        distance[rows, columns] += 50.0 * (self.fat_rank[nearest] > amount)
        ghost = cover(distance) * (1 - fibrous)
        wall = np.clip(1.6 - np.abs(distance - 0.6), 0, 1) * (1 - fibrous)
        near = near_slice(self.cells, z, 2.5)
        offsets = self.cells[near] - [z, y[0], x[0]]
        size = self.cell_radius[near]
        cells = spheroid_sections(canvas.mu.shape, offsets, np.tile([1.0, 0, 0], (len(size), 1)), size, size, reach=3)
        fibres = 0.5 + 0.5 * np.cos(2 * np.pi * (along + 9 * self.bend.slice(z, y, x) + 1.2 * matrix) / 6.0)
        mu = MU_SOFT + 0.03 * matrix + fibrous * 0.06 * fibres
        violet, blue = self.dyes.soft, self.dyes.cells
        stain = density(violet, (0.20 + 0.02 * matrix) * (1 - fibrous) + 0.03 * fibrous)
        stain = stain + density(blue, 0.06 - 0.03 * fibrous) + density(violet, fibrous * (0.05 + 0.05 * fibres))
        canvas.paint(np.ones(canvas.mu.shape), mu, stain)
        cells = cells * (1 - 0.6 * fibrous)
        canvas.paint(cells, MU_CELL, density(violet, 0.42) + density(blue, 0.10))
        canvas.paint(ghost, MU_FAT, density(violet, 0.012))
        canvas.paint(0.8 * wall, MU_SOFT + 0.06, density(violet, 0.26))
