"""Slices of a specimen of a data list as a network sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.datalist.working_size import is_resampled, working_size_of
from scripts.data.image.read import read_ct
from scripts.data.padding import NO_PADDING
from scripts.data.resample import resize_ct, resize_mask
from scripts.data.window import window

LOOKED_AT = 4  # slices of a specimen that are measured, evenly spread


def slices_of_specimen(
    items: Sequence[Mapping[str, Any]], specimen: str, working_um: float | None
) -> list[NDArray[np.float32]]:
    """A few slices of a specimen, see `slice_of_item`.

    Args:
        items: as of `load_datalist`.
        specimen: one of theirs.
        working_um: edge of the network's pixels; None: the pairs' own are taken.

    Raises:
        InputError: one cannot be read.
    """
    slices = [item for item in items if item["specimen"] == specimen]
    places = np.unique(np.linspace(0, len(slices) - 1, min(LOOKED_AT, len(slices))).round().astype(int))
    return [slice_of_item(slices[place], working_um) for place in places]


def slice_of_item(item: Mapping[str, Any], working_um: float | None) -> NDArray[np.float32]:
    """The CT of a pair as a network sees it, (H, W) in [0, 1], and NaN where it is padding.

    Args:
        item: as of `load_datalist`.
        working_um: edge of the network's pixels; None: the pair's own are taken.

    Raises:
        InputError: it cannot be read.
    """
    lo, hi = item["ct_window"]
    values = read_ct(item["image"])
    padded = item.get("padding", NO_PADDING).where(values)
    if padded is not None:
        values[padded] = lo
    seen = window(values, lo, hi)
    blank = np.zeros(seen.shape, bool) if padded is None else padded
    if is_resampled(item, working_um):
        rows, columns = working_size_of(item, working_um)
        blank = resize_mask(1 - blank.astype(np.float32), (rows, columns)) < 1
        seen = np.clip(resize_ct(seen, (rows, columns)), 0, 1)
    return np.where(blank, np.float32(np.nan), seen)
