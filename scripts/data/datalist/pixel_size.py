"""The size of the pixels of each pair of a data list, in micrometres: as the list says, else as the CT's file does."""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.resample import same_size
from scripts.errors import InputError

logger = logging.getLogger(__name__)

#: Entry of a pair: edge of a pixel of CT and section.
PIXEL_UM = "pixel_um"
#: What else people call it.
MEANT = {
    "voxel_um",
    "pixel_size",
    "voxel_size",
    "pixel_size_um",
    "voxel_size_um",
    "spacing",
    "spacing_um",
    "resolution",
}

Item = dict[str, Any]


def check_pixel_um(value: object, name: str) -> float:
    """Return the entry `PIXEL_UM` of an item.

    Raises:
        InputError: it is not one number from 0.05 to 500.
    """
    if isinstance(value, list):
        raise InputError(
            f"The {PIXEL_UM} of {name} is {reprlib.repr(value)}, but a pair lies in one plane and has one size: give "
            "the edge of its pixels, one number of micrometres."
        )
    if not is_pixel_size(value):
        in_um = 1000 * value if isinstance(value, float) else 0.0
        hint = f" If it is in mm, write {in_um:g}." if in_um < 1000 * FINEST_UM and is_pixel_size(in_um) else ""
        raise InputError(
            f"The {PIXEL_UM} of {name} is {reprlib.repr(value)}, expected one number of micrometres from {FINEST_UM:g} "
            f"to {COARSEST_UM:g}: correct it.{hint}"
        )
    return float(value)


def fill_pixel_sizes(items: Sequence[Item], path: Path) -> None:
    """Give each item its `PIXEL_UM`, None where nobody says.

    What the list says counts more than the file of the CT: people correct a wrong header there. One warning names the
    pairs where the two differ by more than 3 %.

    Args:
        items: with absolute paths, some with `PIXEL_UM`.
        path: of the data list.
    """
    differing = []
    for item in items:
        listed, stored = item.get(PIXEL_UM), read_pixel_size(item["image"])
        item[PIXEL_UM] = stored if listed is None else listed
        if listed is not None and stored is not None and not same_size(stored, listed):
            differing.append(f"{item['image']} ({listed:g} in the list, {stored:g} in the file)")
    if differing:
        logger.warning(
            "%s and the files of %d pair(s) differ in the size of pixels (um); the list is believed: %s%s.",
            path,
            len(differing),
            differing[0],
            ", ..." if len(differing) > 1 else "",
        )
