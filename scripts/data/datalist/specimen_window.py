"""The window of each specimen of a data list, and its padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.read import read_ct
from scripts.data.padding import padding_of, tell_of_padding
from scripts.data.window import (
    check_overlap,
    check_window,
    common_window,
    fits_window,
    percentile_window,
    warn_if_outside,
)
from scripts.errors import InputError

#: Entry of a slice: the window of the scan that it was cut from, as inference finds it. Nobody gave it.
FOUND = "window_found"
LOOKED_AT = 4  # slices of a specimen in which padding is looked for where its window is known

Item = dict[str, Any]
Window = tuple[float, float]


def found_window(window: Sequence[float], percentiles: Sequence[float]) -> dict[str, Any]:
    """The entry `FOUND` of a slice whose scan has this window by these percentiles."""
    lo, hi = window
    return {"lo": lo, "hi": hi, "percentiles": list(percentiles)}


def check_found_window(entry: object, name: str) -> dict[str, Any]:
    """Check the entry `FOUND` of an item.

    Raises:
        InputError: it is not what `found_window` returns.
    """
    try:
        lo, hi = check_window([entry["lo"], entry["hi"]], name)  # type: ignore[index]
        lower, upper = (float(value) for value in entry["percentiles"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            f"{FOUND!r} of {name} is no window that was found, with lo, hi and percentiles: remove it, or give "
            "'ct_window' instead."
        ) from error
    return found_window((lo, hi), (lower, upper))


def fill_windows(items: Sequence[Item], path: Path, percentiles: Window, trained: Window | None) -> None:
    """Give each item its ``ct_window``, whether that was given (``window_given``), and ``padding`` where there is some.

    Args:
        items: with absolute paths, some with ``ct_window`` or `FOUND`.
        path: of the data list.
        percentiles: that find a window.
        trained: window that takes the place of a found one on its scale.

    Raises:
        InputError: a window given for some slices of a specimen only, or that holds none of its grey values; slices
            that cannot be read; constant ones.
    """
    for specimen in dict.fromkeys(item["specimen"] for item in items):
        slices = [item for item in items if item["specimen"] == specimen]
        found = [item.pop(FOUND, None) for item in slices]
        given = [item for item in slices if "ct_window" in item]
        for item in slices:
            item["window_given"] = bool(given)
        if given:
            _check_given(slices, given, path)
            continue
        known = [_of_scan(entry, percentiles) for entry in found]
        tissue = _without_padding(slices, few=None not in known)
        own = None if None not in known else percentile_window(tissue, *percentiles, f"specimen {specimen}")
        for item, window in zip(slices, known, strict=True):
            item["ct_window"] = list(_best(window or own, trained))


def _check_given(slices: Sequence[Item], given: Sequence[Item], path: Path) -> None:
    specimen, common = slices[0]["specimen"], common_window(given)
    if len(given) < len(slices) or common is None:
        raise InputError(
            f"Only some slices of specimen {specimen!r} in {path} have a ct_window, or they differ: give all its "
            "slices the same one, or none."
        )
    tissue = _without_padding(slices, few=True)
    check_overlap(common, tissue, f"{slices[0]['image']} (specimen {specimen})")
    warn_if_outside(common, tissue, f"specimen {specimen}", 'its slices "ct_window": [{:g}, {:g}]')


def _of_scan(entry: Mapping[str, Any] | None, percentiles: Window) -> Window | None:
    """The window found in a slice's scan, if these percentiles found it."""
    if entry is None or tuple(entry["percentiles"]) != tuple(percentiles):
        return None
    return entry["lo"], entry["hi"]


def _best(found: Window | None, trained: Window | None) -> Window:
    assert found is not None
    return trained if trained is not None and fits_window(found, trained) else found


def _without_padding(slices: Sequence[Item], few: bool) -> NDArray[Any]:
    """Grey values of slices, of a few of them if that is enough; notes what is padding in all of them."""
    looked_at = slices[:: -(-len(slices) // LOOKED_AT)] if few else slices
    images = [read_ct(item["image"]) for item in looked_at]
    padding = padding_of(images)
    if padding:
        tell_of_padding(padding, f"specimen {slices[0]['specimen']}")
        for item in slices:
            item["padding"] = padding
    return np.concatenate([padding.without(image).ravel() for image in images])
