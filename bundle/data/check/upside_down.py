"""A study whose images are inverted throughout: no pair contradicts another, so pairs cannot tell each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bundle.data.check.checked import Checked
from bundle.data.check.fitting import FITS_FROM
from bundle.data.check.look import Look
from scripts.words import count

LEAST = 0.05  # share of the pixels that glass and tissue each must have
BRIGHTER = 0.05  # of the window, by which the glass must be brighter than the tissue
MOST = 0.75  # share of the pairs


def upside_down(checked: Sequence[Checked]) -> str | None:
    """A sentence where the sections' glass is brighter in CT than their tissue, in most pairs that fit; else None.

    X-rays pass air and resin more easily than tissue, so that glass lies where CT is dark.
    """
    rises = [
        rise
        for one in checked
        if one.look is not None and one.used and one.quality is not None and one.quality.fitting >= FITS_FROM
        for rise in [_rise(one.look)]
        if rise is not None
    ]
    brighter = sum(rise > BRIGHTER for rise in rises)
    if not rises or brighter < MOST * len(rises):
        return None
    return (
        f"In {brighter} of {count(len(rises), 'pair')} the CT is brighter at the glass of the section than at its "
        "tissue. Look whether all CTs are inverted, or all sections negatives: dense tissue should be bright in CT."
    )


def _rise(look: Look) -> float | None:
    """Middle grey at the glass less that at the tissue, in [-1, 1]; None where one of both is rare."""
    if look.seen is None:
        return None
    inside = look.inside & ~look.seen.opaque
    tissue, glass = inside & look.seen.tissue, inside & ~look.seen.tissue
    if min(tissue.mean(), glass.mean()) < LEAST:
        return None
    return float(np.median(look.grey[glass]) - np.median(look.grey[tissue]))
