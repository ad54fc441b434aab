"""The CT window of slices that somebody registered elsewhere: one for all of a specimen, as training asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bundle.pairs.study.table.row import Row
from scripts.data.datalist.specimen_window import facts_of_slices, found_window
from scripts.data.given_window import percentiles_for
from scripts.data.image.read import read_ct
from scripts.errors import InputError


def windows_of(rows: Sequence[Row]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Windows found for specimens whose sections are registered already and who have none: from all slices.

    A section that is registered to its scan gets the scan's window, see `register`.

    Args:
        rows: of the study, those to whom no two numbers are given.

    Returns:
        Specimen to what was found, see `found_window`; and to what was wrong with its slices, for those without.
    """
    windows: dict[str, dict[str, Any]] = {}
    mistakes: dict[str, str] = {}
    for specimen in dict.fromkeys(row.specimen for row in rows if row.ct is not None):
        paths = [row.ct for row in rows if row.specimen == specimen and row.ct is not None]
        try:
            slices = [read_ct(path) for path in paths]
            asked = next(row.ct_window for row in rows if row.specimen == specimen)
            percentiles = percentiles_for(asked)
            windows[specimen] = found_window(facts_of_slices(slices, percentiles, f"the CT of {specimen}"), percentiles)
        except InputError as error:
            mistakes[specimen] = str(error)
    return windows, mistakes
