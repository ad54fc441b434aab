"""The data list of a study, as training takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bundle.pairs.pair_files import CT, HISTOLOGY, MASK, NORMALISED
from bundle.pairs.study.outcome import Outcome
from scripts.data.datalist.file import SPLITS
from scripts.data.datalist.pixel_size import PIXEL_UM
from scripts.data.datalist.specimen_window import FOUND, found_window
from scripts.data.window import PERCENTILES
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
                **_window(outcome.row.ct_window is not None, outcome.report["ct_window"]),
            }
        )
    if not any(datalist.values()):
        raise InputError("No section could be used: see the summary.")
    return datalist


def _size(pixel_um: float | None) -> dict[str, Any]:
    """How large the pair's pixels are, where somebody knows."""
    return {} if pixel_um is None else {PIXEL_UM: pixel_um}


def _window(given: bool, window: list[float]) -> dict[str, Any]:
    """The window as training takes it: a given one is the scale of all scans, a found one that of its scan alone."""
    return {"ct_window": window} if given else {FOUND: found_window(window, PERCENTILES)}
