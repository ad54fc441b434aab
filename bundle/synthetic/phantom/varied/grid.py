"""From the grid of 5 micrometres on which specimens are painted to that of a scanner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Grid:
    """A scanner's square grid in the middle of a painted one.

    Attributes:
        painted: side of the painted grid in its pixels.
        scale: edge of the scanner's pixel in painted pixels.
    """

    painted: int
    scale: float

    @property
    def side(self) -> int:
        """Whole pixels of the scanner that fit into the painted field."""
        return int(self.painted / self.scale + 1e-9)

    @property
    def pixels(self) -> Array:
        """Rows or columns (side,) in the scanner's pixels from the middle."""
        return np.arange(self.side) - (self.side - 1) / 2

    @property
    def _start(self) -> float:
        return (self.painted - self.side * self.scale) / 2

    def resample(self, image: Array) -> Array:
        """Values (..., H, W) on the scanner's grid: cubic on a finer one, means of areas on a coarser one."""
        if self.scale == 1:
            return image
        if self.scale > 1:
            weights = self._areas()
            return weights @ image @ weights.T
        box = (self._start, self._start, self.painted - self._start, self.painted - self._start)
        planes = [
            Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
                (self.side, self.side), Image.Resampling.BICUBIC, box=box
            )
            for plane in image.reshape(-1, *image.shape[-2:])
        ]
        return np.stack([np.asarray(plane, np.float64) for plane in planes]).reshape(
            *image.shape[:-2], self.side, self.side
        )

    def nearest(self, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Class ids (H, W) on the scanner's grid: that in which the middle of a pixel lies."""
        at = (self._start + (np.arange(self.side) + 0.5) * self.scale).astype(int)
        picked: NDArray[np.uint8] = labels[np.ix_(at, at)]
        return picked

    def _areas(self) -> Array:
        """Which part of each of the scanner's pixels (rows) each painted one (columns) covers."""
        low = self._start + np.arange(self.side)[:, None] * self.scale
        pixel = np.arange(self.painted)[None, :]
        covered = np.minimum(pixel + 1, low + self.scale) - np.maximum(pixel, low)
        found: Array = np.clip(covered, 0, None) / self.scale
        return found
