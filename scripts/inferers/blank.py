"""Where a slice is blank: of one grey value over whole blocks, as outside a round field of view."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from torch.nn import functional as F

Blocks = NDArray[np.bool_]  # (rows, columns) of a stride's pixels each
Rectangle = tuple[int, int, int, int]  # first and last row, first and last column, of blocks; the last ones excluded

LEAST = 8  # blocks, side of a rectangle
WORTH = 0.85  # of the work: rectangles that leave more of it to do are not worth their number


def blank_value(image: torch.Tensor, stride: int) -> float | None:
    """The grey value of the first corner of a slice (1, 1, H, W) whose block is blank, None where there is none."""
    height, width = (min(stride, side) for side in image.shape[-2:])
    for rows in (slice(0, height), slice(-height, None)):
        for columns in (slice(0, width), slice(-width, None)):
            block = image[0, 0, rows, columns]
            if bool((block == block[0, 0]).all()):  # never of NaN
                return float(block[0, 0])
    return None


def filled_blocks(image: torch.Tensor, value: float, stride: int) -> Blocks:
    """The blocks of a slice (1, 1, H, W) that hold another value somewhere."""
    other = image[0, 0] != value
    height, width = other.shape
    other = F.pad(other, (0, -width % stride, 0, -height % stride))
    blocks: Blocks = other.view(other.shape[0] // stride, stride, -1, stride).any(dim=3).any(dim=1).cpu().numpy()
    return blocks


def grown(blocks: Blocks, by: int) -> Blocks:
    """Blocks, and those at most so many rows and columns away."""
    found: Blocks = maximum_filter(blocks, 2 * by + 1, mode="constant", cval=0)
    return found


def rectangles(needed: Blocks, around: int, strips: tuple[int, ...] = (1, 2, 4, 8)) -> list[Rectangle]:
    """Few rectangles that cover what is needed, of the least work: strips of equal height, or of equal width.

    Args:
        needed: of a tile or a slice.
        around: blocks around a rectangle that are computed besides.
        strips: numbers of them that are tried.

    Returns:
        All of it as one rectangle where others would save next to nothing; nothing where nothing is needed.
    """
    height, width = needed.shape
    if not needed.any():
        return []

    def work(parts: list[Rectangle]) -> int:
        return sum((bottom - top + 2 * around) * (right - left + 2 * around) for top, bottom, left, right in parts)

    whole = [(0, height, 0, width)]
    options = [_strips(needed, count) for count in strips if count <= height]
    options += [[(c, d, a, b) for a, b, c, d in _strips(needed.T, count)] for count in strips[1:] if count <= width]
    best = min(options, key=work)
    return best if work(best) < WORTH * work(whole) else whole


def bands(needed: Blocks, counts: tuple[int, ...]) -> list[Rectangle]:
    """Strips of equal height, from the top to the bottom, each with the columns that hold all its needed blocks.

    Args:
        needed: of a slice.
        counts: numbers of strips that are tried.
    """
    options = [list(_bands(needed, min(count, len(needed)))) for count in counts]
    # a strip costs about a row besides
    return min(options, key=lambda strips: sum((s[1] - s[0] + 1) * (s[3] - s[2]) for s in strips))


def _strips(needed: Blocks, count: int) -> list[Rectangle]:
    """The part of each strip that is needed in its height, too, without those where nothing is."""
    found = []
    for top, bottom, left, right in _bands(needed, count):
        rows = np.flatnonzero(needed[top:bottom].any(axis=1))
        if len(rows):
            span = _widened(top + int(rows[0]), top + int(rows[-1]) + 1, len(needed))
            found.append((*span, *_widened(left, right, needed.shape[1])))
    return found


def _widened(first: int, last: int, length: int) -> tuple[int, int]:
    """A span of `LEAST` at least, within a length: convolutions of smaller images may be computed by other kernels."""
    first = max(0, min(first, length - LEAST))
    return first, min(length, max(last, first + LEAST))


def _bands(needed: Blocks, count: int) -> Iterator[Rectangle]:
    edges = np.linspace(0, len(needed), count + 1).round().astype(int).tolist()
    for top, bottom in itertools.pairwise(edges):
        columns = np.flatnonzero(needed[top:bottom].any(axis=0))
        yield top, bottom, *((int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 0))
