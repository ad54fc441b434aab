"""A mask that a person has drawn over a slide, for what no program tells: black pens, folds of dark tissue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from skimage.transform import resize

from scripts.data.files import JPEG_SUFFIXES, has_suffix
from scripts.data.image import read_mask
from scripts.errors import InputError

SAME_SHAPE = 0.02  # by which the ratio of the sides may differ


def left_out(path: str, size: tuple[int, int], of: str) -> NDArray[np.bool_]:
    """Where a drawn mask says that a section must not be used.

    Args:
        path: image of any size, for instance drawn over a thumbnail; 0 where not to be used.
        size: (H, W) of the section.
        of: name of the slide, for messages.

    Returns:
        (H, W), of the nearest pixel of the mask.

    Raises:
        InputError: the mask cannot be read, leaves out all or nothing, has another shape than the slide,
            or is a JPEG, whose pixels are never quite 0.
    """
    if has_suffix(Path(path), JPEG_SUFFIXES):
        raise InputError(f"The mask {path} is a JPEG, which blurs what was drawn: save it as PNG or TIFF.")
    mask = read_mask(path) > 0
    if mask.all():
        raise InputError(f"The mask {path} has no pixel of 0: paint black what is to be left out.")
    ratio = (mask.shape[1] / mask.shape[0]) / (size[1] / size[0])
    if abs(np.log(ratio)) > SAME_SHAPE:
        raise InputError(
            f"The mask {path} has {mask.shape[1]} x {mask.shape[0]} pixels, another shape than {of}: draw it over the "
            "whole slide."
        )
    used: NDArray[np.bool_] = resize(mask, size, order=0, preserve_range=True) > 0
    return ~used
