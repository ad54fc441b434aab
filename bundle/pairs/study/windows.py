"""The CT window of slices that somebody registered elsewhere: one for all of a specimen, as training asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bundle.pairs.study.table.row import Row
from scripts.data.image.read import read_ct
from scripts.data.padding import padding_of
from scripts.data.window import PERCENTILES, percentile_window
from scripts.errors import InputError

Window = tuple[float, float]


def windows_of(rows: Sequence[Row]) -> tuple[dict[str, Window], dict[str, str]]:
    """Windows found for specimens whose sections are registered already and who have none: percentiles of all slices.

    A section that is registered to its scan gets the scan's window, see `register`.

    Args:
        rows: of the study, those without a window.

    Returns:
        Specimen to window (lo, hi); and specimen to what was wrong with its slices, for those without.
    """
    windows: dict[str, Window] = {}
    mistakes: dict[str, str] = {}
    for specimen in dict.fromkeys(row.specimen for row in rows if row.ct is not None):
        paths = [row.ct for row in rows if row.specimen == specimen and row.ct is not None]
        try:
            slices = [read_ct(path) for path in paths]
            padding = padding_of(slices)
            tissue = np.concatenate([padding.without(image).ravel() for image in slices])
            windows[specimen] = percentile_window(tissue, *PERCENTILES, f"the CT of {specimen}")
        except InputError as error:
            mistakes[specimen] = str(error)
    return windows, mistakes
