"""Marks of a pen on the glass."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, binary_opening

INK = 0.25  # optical density from which a mark's hue is judged
MARGIN = 3  # pixels around a mark that are left out as well

Mask = npt.NDArray[np.bool_]


def pen_marks(density: npt.NDArray[np.floating[Any]]) -> Mask:
    """Marks of a red, orange or green pen: dyes of tissue absorb red most or all alike, these inks do not.

    Args:
        density: (H, W, 3) optical density.
    """
    red, green, blue = (density[..., channel] for channel in range(3))
    strong = density.max(axis=-1) > INK
    reddish = (red < 0.5 * green) & (red < 0.6 * blue)
    greenish = (green < 0.55 * red) & (green < 0.55 * blue)
    marks: Mask = binary_opening(strong & (reddish | greenish), iterations=1)
    return binary_dilation(marks, iterations=MARGIN) if marks.any() else marks
