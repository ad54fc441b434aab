"""Whether two folders were given the wrong way round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bundle.data.listing.listed import Listed
from scripts.data.image.read import read_header, read_image
from scripts.errors import InputError

LOOKED_AT = 5  # pairs
COLOURED = 4 / 255  # mean difference between red and blue, from which an image has colours


def refuse_exchanged(pairs: Sequence[Listed]) -> None:
    """Refuse pairs whose CT slices have colours while their sections have none.

    Raises:
        InputError: that is so in most of the first five pairs.
    """
    first = pairs[:: max(1, len(pairs) // LOOKED_AT)][:LOOKED_AT]
    wrong = [_has_colours(pair.ct) is True and _has_colours(pair.section) is False for pair in first]
    if sum(wrong) > len(wrong) / 2:
        pair = first[wrong.index(True)]
        raise InputError(
            f"CT and sections are exchanged: {pair.ct} has colours and {pair.section} has none. Give the folder of "
            "the CT slices first; in a table exchange the columns ct and histology."
        )


def _has_colours(path: Path) -> bool | None:
    """None where the file cannot be read."""
    try:
        header = read_header(path)
        if header.channels == 1:
            return header.palette
        pixels = read_image(path, colours=True)
    except InputError:
        return None
    scale = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    return bool(np.abs(pixels[..., 0].astype(float) - pixels[..., 2]).mean() > COLOURED * scale)
