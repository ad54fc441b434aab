"""The window of each specimen, found in its slices as training finds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bundle.data.listing.listed import Listed
from scripts.data.datalist.specimen_window import facts_of_slices, found_window
from scripts.data.given_window import percentiles_for
from scripts.data.image.read import read_ct
from scripts.data.window_choice import NO_TRAINING, decide


@dataclass(frozen=True)
class Window:
    """The window of a specimen.

    Attributes:
        lo: grey value that becomes black.
        hi: grey value that becomes white.
        why: how it was found, in words.
        found: entry of the data list; None where the window was given.
    """

    lo: float
    hi: float
    why: str
    found: dict[str, Any] | None


def windows_of(pairs: Sequence[Listed]) -> dict[str, Window]:
    """The window of each specimen.

    What is found is proposed, never written as if somebody had given it.

    Args:
        pairs: those that are used; all of a specimen have the same ``ct_window``.

    Raises:
        InputError: slices that cannot be read; landmarks are asked for, but there are none.
    """
    windows = {}
    for specimen in dict.fromkeys(pair.specimen for pair in pairs):
        own = [pair for pair in pairs if pair.specimen == specimen]
        asked, name = own[0].ct_window, f"specimen {specimen}"
        if isinstance(asked, tuple):
            windows[specimen] = Window(*asked, "given", None)
            continue
        percentiles = percentiles_for(asked)
        facts = facts_of_slices([read_ct(pair.ct) for pair in own], percentiles, name)
        choice = decide(asked, facts, NO_TRAINING, name)
        windows[specimen] = Window(*choice.window, choice.why, found_window(facts, percentiles))
    return windows
