"""The data list of a study, as training takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bundle.pairs.pair_files import CT, HISTOLOGY, MASK, NORMALISED
from bundle.pairs.study.outcome import Outcome
from bundle.pairs.study.table.row import Row
from scripts.data.datalist.file import SPLITS
from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.datalist.specimen_window import FOUND
from scripts.errors import InputError


def datalist_of(outcomes: Iterable[Outcome], pairs: str) -> dict[str, Any]:
    """Content of ``datalist.json``: the usable pairs of each split.

    Args:
        outcomes: of all rows.
        pairs: folder of the pairs, from where the data list lies.

    Raises:
        InputError: no pair can be used.
    """
    datalist: dict[str, Any] = {split: [] for split in SPLITS}
    for outcome in outcomes:
        if outcome.report is None or not outcome.usable:
            continue
        folder = f"{pairs}/{outcome.row.name}"
        datalist[outcome.row.split].append(
            {
                "ct": f"{folder}/{CT}",
                "histology": f"{folder}/{HISTOLOGY if outcome.strength is None else NORMALISED}",
                "mask": f"{folder}/{MASK}",
                "specimen": outcome.row.specimen,
                **_size(outcome.report.get("pixel_um")),
                **_window(outcome.row, outcome.report),
            }
        )
    if not any(datalist.values()):
        raise InputError("No section could be used: see the summary.")
    return datalist


def _size(pixel_um: float | None) -> dict[str, Any]:
    """How large the pair's pixels are, where somebody knows."""
    return {} if pixel_um is None else {PIXEL_UM: pixel_um}


def _window(row: Row, report: dict[str, Any]) -> dict[str, Any]:
    """The window as training takes it: a given one is the scale of all scans; else what was found in the scan."""
    if isinstance(row.ct_window, tuple):
        return {"ct_window": list(row.ct_window)}
    asked = {} if row.ct_window is None else {"ct_window": row.ct_window}
    return asked | {FOUND: report[FOUND]}
