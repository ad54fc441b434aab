"""The window of each specimen of a data list, and its padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.data.given_window import PRESETS
from scripts.data.image.read import read_ct
from scripts.data.landmarks.find import Landmarks, Search, find_landmarks
from scripts.data.padding import NO_PADDING, Padding, padding_of, tell_of_padding
from scripts.data.window import check_overlap, check_window, common_window, percentile_window, warn_if_outside
from scripts.data.window_choice import GIVEN, Facts, Training, decide
from scripts.errors import InputError

#: Entry of a slice: what was found in the scan that it was cut from, from which inference chooses the scan's window.
#: Nobody gave it.
FOUND = "window_found"
LOOKED_AT = 4  # slices of a specimen in which padding is looked for where its window is known
MOST = 12  # slices of a specimen in which landmarks are looked for

Item = dict[str, Any]
Window = tuple[float, float]


class Found(NamedTuple):
    """What an entry `FOUND` says.

    Attributes:
        robust: grey values at `percentiles`.
        percentiles: lower and upper one.
        search: for landmarks; None in entries of version 0.9 and before, which do not say.
    """

    robust: Window
    percentiles: Window
    search: Search | None


def found_window(facts: Facts, percentiles: Sequence[float]) -> dict[str, Any]:
    """The entry `FOUND` of a slice in whose scan this was found, the robust range by these percentiles."""
    (lo, hi), (landmarks, remark) = facts
    entry = {"lo": lo, "hi": hi, "percentiles": list(percentiles)}
    return entry | {"landmarks": None if landmarks is None else list(landmarks), "remark": remark}


def read_found(entry: object, name: str) -> Found:
    """What `found_window` wrote.

    Raises:
        InputError: it is something else.
    """
    try:
        robust = check_window([entry["lo"], entry["hi"]], name)  # type: ignore[index]
        lower, upper = (float(value) for value in entry["percentiles"])  # type: ignore[index]
        search = _search_of(entry, name)  # type: ignore[arg-type]
    except (TypeError, KeyError, ValueError) as error:
        raise InputError(
            f"{FOUND!r} of {name} is no window that was found, with lo, hi and percentiles: remove it, or give "
            "'ct_window' instead."
        ) from error
    return Found(robust, (lower, upper), search)


def _search_of(entry: Mapping[str, Any], name: str) -> Search | None:
    if "landmarks" not in entry:
        return None
    remark = str(entry.get("remark", ""))
    if entry["landmarks"] is None:
        return Search(None, remark or "there are none")
    return Search(Landmarks(*check_window(entry["landmarks"], name)), remark)


def facts_of_slices(
    images: Sequence[NDArray[Any]], percentiles: Sequence[float], name: str, padding: Padding | None = None
) -> Facts:
    """What is found in slices of one scan.

    Args:
        images: each (rows, columns).
        percentiles: lower and upper one, of the robust range.
        name: of the scan.
        padding: of the scan, None to find it.

    Raises:
        InputError: constant slices, or NaN in them.
    """
    padding = padding_of(images) if padding is None else padding
    lower, upper = percentiles
    robust = percentile_window(np.concatenate([padding.without(image).ravel() for image in images]), lower, upper, name)
    places = np.unique(np.linspace(0, len(images) - 1, min(MOST, len(images))).round().astype(int))
    return Facts(robust, find_landmarks([images[place] for place in places], padding))


def fill_windows(items: Sequence[Item], path: Path, percentiles: Window, training: Training) -> None:
    """Give each item its ``ct_window``, whether that was given (``window_given``), where it comes from
    (``window_source``, see `Choice`), and ``padding`` where there is some.

    Args:
        items: with absolute paths, some with ``ct_window`` or `FOUND`.
        path: of the data list.
        percentiles: of the robust range of a scan.
        training: what the weights say of their training's windows.

    Raises:
        InputError: a window given for some slices of a specimen only, or that holds none of its grey values; slices
            that cannot be read; constant ones; landmarks are asked for, but there are none.
    """
    for specimen in dict.fromkeys(item["specimen"] for item in items):
        slices = [item for item in items if item["specimen"] == specimen]
        found = [item.pop(FOUND, None) for item in slices]
        asked = _asked(slices, path)
        for item in slices:
            item["window_given"] = isinstance(asked, tuple)
            item["window_source"] = GIVEN
        if isinstance(asked, tuple):
            tissue = _tissue(_read(slices, few=True), slices[0])
            check_overlap(asked, tissue, f"{slices[0]['image']} (specimen {specimen})")
            warn_if_outside(asked, tissue, f"specimen {specimen}", 'its slices "ct_window": [{:g}, {:g}]')
        else:
            _find_windows(slices, found, asked, PRESETS.get(asked or "") or percentiles, training)


def _find_windows(
    slices: Sequence[Item], found: Sequence[Found | None], asked: str | None, percentiles: Window, training: Training
) -> None:
    name = f"specimen {slices[0]['specimen']}"
    known = [None if entry is None or entry.percentiles != percentiles else entry for entry in found]
    complete = all(entry is not None and entry.search is not None for entry in known)
    images = _read(slices, few=complete)
    padding = slices[0].get("padding", NO_PADDING)
    own = None if complete else facts_of_slices(images, percentiles, name, padding)
    facts = [_facts(entry, own) for entry in known]
    choices = {each: decide(asked, each, training, name) for each in dict.fromkeys(facts)}
    for item, each in zip(slices, facts, strict=True):
        item["ct_window"], item["window_source"] = list(choices[each].window), choices[each].source


def _facts(entry: Found | None, own: Facts | None) -> Facts:
    """What was found in a slice's scan; what that does not say, from the specimen's slices."""
    if entry is not None and entry.search is not None:
        return Facts(entry.robust, entry.search)
    assert own is not None
    return own if entry is None else Facts(entry.robust, own.search)


def _asked(slices: Sequence[Item], path: Path) -> Window | str | None:
    """The window or the word that the data list gives a specimen."""
    given = [item for item in slices if "ct_window" in item]
    if not given:
        return None
    words = {item["ct_window"] for item in given if isinstance(item["ct_window"], str)}
    numbers = [item for item in given if not isinstance(item["ct_window"], str)]
    common: Window | str | None = common_window(given) if not words else None
    if len(words) == 1 and not numbers:
        common = words.pop()
    if len(given) < len(slices) or common is None:
        raise InputError(
            f"Only some slices of specimen {slices[0]['specimen']!r} in {path} have a ct_window, or they differ: give "
            "all its slices the same one, or none."
        )
    return common


def _read(slices: Sequence[Item], few: bool) -> list[NDArray[Any]]:
    """Grey values of slices, of a few of them if that is enough; notes what is padding in all of them."""
    looked_at = slices[:: -(-len(slices) // LOOKED_AT)] if few else slices
    images = [read_ct(item["image"]) for item in looked_at]
    padding = padding_of(images)
    if padding:
        tell_of_padding(padding, f"specimen {slices[0]['specimen']}")
        for item in slices:
            item["padding"] = padding
    return images


def _tissue(images: Sequence[NDArray[Any]], item: Item) -> NDArray[Any]:
    padding = item.get("padding", NO_PADDING)
    return np.concatenate([padding.without(image).ravel() for image in images])
