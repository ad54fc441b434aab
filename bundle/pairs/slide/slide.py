"""A whole-slide image: what levels it has, how large its pixels are, and the pixels of a part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.errors import InputError

Read = Callable[[int, int, int, int, int], NDArray[np.uint8]]


@dataclass(frozen=True)
class Slide:
    """An open slide.

    Attributes:
        path: its file.
        sizes: height and width of each level, the finest first.
        pixel_um: edge of the finest level's pixels in micrometres, None if the file does not say.
        read: level, top, left, height, width to uint8 RGB (height, width, 3).
    """

    path: Path
    sizes: tuple[tuple[int, int], ...]
    pixel_um: float | None
    read: Read

    def finer(self, level: int) -> float:
        """How many pixels of the finest level lie along one of this level.

        Scanners halve and drop odd rows: 2150 pixels become 1075, 537 and 268, each four or eight times as large.
        """
        ratio = self.sizes[0][0] / self.sizes[level][0]
        return float(round(ratio)) if abs(ratio - round(ratio)) < 0.01 * ratio else ratio

    def level_for(self, factor: float) -> int:
        """The coarsest level that is still as fine as the finest averaged over `factor` pixels."""
        fine_enough = [level for level in range(len(self.sizes)) if self.finer(level) <= factor * (1 + 1e-3)]
        return max(fine_enough, key=self.finer, default=0)

    def part(self, level: int, top: int, left: int, height: int, width: int) -> NDArray[np.uint8]:
        """Read a part of a level as RGB.

        Raises:
            InputError: it cannot be decoded.
        """
        try:
            return self.read(level, top, left, height, width)
        except MemoryError:
            raise
        except Exception as error:  # decoders raise what they like
            raise InputError(
                f"Level {level} of {self.path} cannot be read ({error}): the file is damaged or cut short; "
                "copy it again, or export the slide as OME-TIFF."
            ) from error
