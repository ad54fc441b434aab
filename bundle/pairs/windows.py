"""The CT window of each specimen of a study: one for all its sections, as training asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bundle.pairs.register import PERCENTILES
from bundle.pairs.study import Row
from scripts.data.image import read_ct
from scripts.data.window import percentile_window
from scripts.errors import InputError
from scripts.volume.reader import open_volume
from scripts.volume.window import sample_volume


def windows_of(
    rows: Sequence[Row], common: tuple[float, float] | None
) -> tuple[dict[str, tuple[float, float]], dict[str, str]]:
    """Windows of the specimens: what the table gives, else the common one, else percentiles over all their scans.

    Args:
        rows: of the study; `read_study` saw to it that a specimen has one window or none.
        common: of all specimens without one.

    Returns:
        Specimen to window (lo, hi); and specimen to what was wrong with its scans, for those without.
    """
    windows: dict[str, tuple[float, float]] = {}
    mistakes: dict[str, str] = {}
    for specimen in dict.fromkeys(row.specimen for row in rows):
        own = [row for row in rows if row.specimen == specimen]
        given = own[0].ct_window or common
        try:
            windows[specimen] = given or percentile_window(_sample(own), *PERCENTILES, f"the CT of {specimen}")
        except InputError as error:
            mistakes[specimen] = str(error)
    return windows, mistakes


def _sample(rows: Sequence[Row]) -> np.ndarray:
    """Grey values of all scans of a specimen."""
    parts = []
    for source in dict.fromkeys(row.volume for row in rows if row.volume is not None):
        with open_volume(source) as volume:
            parts.append(sample_volume(volume))
    parts += [read_ct(row.ct).ravel() for row in rows if row.ct is not None]
    return np.concatenate(parts)
