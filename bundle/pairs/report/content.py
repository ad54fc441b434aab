"""What the report of a pair says."""

from __future__ import annotations

from typing import Any

import numpy as np

from bundle.pairs.pair import Pair
from bundle.shared.quality.fit import CORRELATED, FITS, GOOD_FROM, USABLE_FROM


def report_of(pair: Pair) -> dict[str, Any]:
    """What ``report.json`` holds."""
    quality = pair.quality
    return {
        "verdict": quality.verdict,
        "reasons": list(quality.reasons),
        "windows_that_fit": round(quality.fitting, 4),
        "windows_judged": quality.judged,
        "median_shift_pixels": None if np.isnan(quality.shift) else round(quality.shift, 2),
        "thresholds": {
            "a_window_fits_up_to_pixels": FITS,
            "and_from_correlation": CORRELATED,
            "good_from_share": GOOD_FROM,
            "usable_from_share": USABLE_FROM,
        },
        "share_of_section_in_mask": round(float(quality.mask.sum() / max(pair.section.tissue.sum(), 1)), 4),
        "size": list(pair.ct.shape),
        "pixel_um": pair.pixel_um,
        "ct_window": list(pair.window),
        **pair.facts,
    }
