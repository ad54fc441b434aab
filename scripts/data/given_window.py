"""The one notation of a CT window: two grey values ``[lo, hi]``, or a word that says how to find them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from scripts.data.window import PERCENTILES as USUAL
from scripts.errors import InputError

LANDMARKS, PERCENTILES, EXPORT = "landmarks", "percentiles", "export"
#: Words for a window, and the percentiles that find it; None where others do.
PRESETS: dict[str, tuple[float, float] | None] = {
    LANDMARKS: None,  # background and mineral where the training has them
    PERCENTILES: USUAL,
    EXPORT: (0.02, 99.98),  # the cut of the beamline's own export to 8 or 16 bits
}

GivenWindow = tuple[float, float] | str


def percentiles_for(asked: GivenWindow | None) -> tuple[float, float]:
    """Percentiles to find a scan's window by: those of the word that was asked for, else the usual ones."""
    return (PRESETS[asked] if isinstance(asked, str) else None) or USUAL


def given_window(value: object, name: str, numbers_as_text: bool = True) -> GivenWindow:
    """A window as a user gave it: two numbers with lo < hi, or a word of `PRESETS`.

    Args:
        value: two numbers; a word; or text that a command line or a table holds: ``[5000, 35000]``, ``5000 35000``.
        name: of what it is the window, for messages.
        numbers_as_text: whether text may hold two numbers; else it must be a word.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(value, str):
        text = value.strip().strip("[]()")
        if text in PRESETS:
            return text
        numbers: Any = [word for word in re.split(r"[\s,;]+", text) if word] if numbers_as_text else None
    else:
        numbers = value
    ends = _two_numbers(numbers)
    if ends is None:
        raise InputError(
            f"The CT window {_shown(value)} of {name} is not [lo, hi], two numbers with lo < hi, and none of the words "
            f"{', '.join(PRESETS)}: correct it."
        )
    return ends


def given_or_none(value: object, name: str, numbers_as_text: bool = True) -> GivenWindow | None:
    """The same, and None where nothing was given: the window is found.

    Raises:
        InputError: see `given_window`.
    """
    return None if value is None else given_window(value, name, numbers_as_text)


def _two_numbers(value: object) -> tuple[float, float] | None:
    if not isinstance(value, Sequence | np.ndarray | torch.Tensor) or isinstance(value, str | bytes) or len(value) != 2:
        return None
    if any(isinstance(end, bool) for end in value):
        return None
    try:
        lo, hi = (float(end) for end in value)
    except (TypeError, ValueError):
        return None
    return (lo, hi) if np.isfinite([lo, hi]).all() and lo < hi else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
