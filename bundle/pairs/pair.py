"""A section and what its scan shows there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.pairs.place.cut import Cut
from bundle.shared.quality.fit import Quality
from bundle.shared.section.find import Section


@dataclass(frozen=True)
class Pair:
    """A section and what its scan shows there.

    Attributes:
        section: at the scan's scale.
        ct: (H, W) grey values of the scan: float32, or float64 where only that tells them apart.
        window: grey values (lo, hi) that become black and white.
        inside: (H, W) whether a pixel lies in the scan.
        quality: how well they fit.
        cut: where the section lies, None if nobody looked for it.
        pixel_um: edge of the pixels in micrometres, None if nobody knows.
        facts: for the report.
    """

    section: Section
    ct: npt.NDArray[np.floating[Any]]
    window: tuple[float, float]
    inside: npt.NDArray[np.bool_]
    quality: Quality
    cut: Cut | None
    pixel_um: float | None
    facts: dict[str, Any]
