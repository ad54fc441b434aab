"""Masks that are proposed where only a part of a pair fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from bundle.data.check.checked import Checked
from bundle.data.check.fitting import PART
from bundle.data.listing.listed import Listed
from bundle.shared.table.cells import safe_name
from scripts.whole import whole_file, writing

FOLDER = "masks"


def with_masks(checked: Sequence[Checked], out: Path) -> list[Listed]:
    """The pairs that are used; one that fits in part, and has no mask, gets a mask of what fits.

    Args:
        checked: all pairs.
        out: folder in which the masks are written.

    Raises:
        InputError: they cannot be written.
    """
    return [_with_mask(one, out / FOLDER) if _needs_one(one) else one.listed for one in checked if one.used]


def _needs_one(one: Checked) -> bool:
    return one.listed.mask is None and one.quality is not None and any(found.kind == PART for found in one.findings)


def _with_mask(one: Checked, folder: Path) -> Listed:
    assert one.look is not None
    assert one.quality is not None
    small = one.quality.mask
    if not small.any():
        return one.listed
    rows, columns = (
        np.minimum(np.arange(length) // one.look.factor, side - 1)
        for length, side in zip(one.look.shape, small.shape, strict=True)
    )
    path = folder / f"{safe_name(one.listed.name)}.png"
    with writing(path, "give another --out"):
        folder.mkdir(exist_ok=True)
        with whole_file(path) as partial:
            Image.fromarray((255 * small[np.ix_(rows, columns)]).astype(np.uint8)).save(partial, format="png")
    return replace(one.listed, mask=path)
