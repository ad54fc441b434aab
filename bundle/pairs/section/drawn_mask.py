"""A mask that a person has drawn over a slide, for what no program tells: black pens, folds of dark tissue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.data.image.read import read_mask
from scripts.errors import InputError
from scripts.files.opening import JPEG_SUFFIXES, has_suffix

SAME_SHAPE = 0.02  # by which the ratio of the sides may differ


def left_out(path: str, size: tuple[int, int], of: str) -> NDArray[np.bool_]:
    """Where a drawn mask says that a section must not be used.

    Args:
        path: image of any size, for instance drawn over a thumbnail; 0 where not to be used.
        size: (H, W) of the section.
        of: name of the slide, for messages.

    Returns:
        (H, W), where any pixel of the mask that lies there is 0: no stroke is too thin.

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
    unused: NDArray[np.bool_] = _at_size(~mask, size)
    if unused.all():
        raise InputError(f"The mask {path} leaves nothing of {of}.")
    return unused


def _at_size(marked: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Marked where any pixel that lies there is marked."""
    for axis in (0, 1):
        length, wanted = marked.shape[axis], size[axis]
        edges = np.arange(wanted + 1) * length / wanted
        first = np.minimum(np.floor(edges[:-1] + 1e-6), length - 1).astype(int)
        last = np.maximum(np.ceil(edges[1:] - 1e-6).astype(int), first + 1)
        count = np.concatenate([np.zeros_like(marked.take([0], axis), int), marked.cumsum(axis)], axis)
        marked = count.take(last, axis) > count.take(first, axis)
    return marked
