"""Images on a grid of another pixel size: CT slices, sections, masks and classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import csr_array

SAME = 0.03  # largest difference between two sizes that count as one, relative
CUBIC = -0.5  # Keys' parameter, as in Pillow's BICUBIC (Keys 1981, 10.1109/TASSP.1981.1163711)
ROUNDING = 1e-9  # of sizes and shares, in float64

Size = tuple[int, int]


def same_size(one_um: float, other_um: float) -> bool:
    """Whether two sizes, in one unit, count as one: they differ by at most 3 % of the second."""
    return abs(one_um / other_um - 1) <= SAME + ROUNDING


def working_shape(
    shape: Sequence[int], spacing_um: float | Sequence[float], working_um: float | Sequence[float]
) -> tuple[int, ...]:
    """Number of pixels along each axis at another pixel size.

    The extent stays, so the exact new size of a pixel is ``spacing * n / n_new``, which differs a little from what was
    asked for. An axis within 3 % of it is left alone.

    Args:
        shape: number of pixels along each axis.
        spacing_um: their size, one for all axes or one for each.
        working_um: the size asked for, one for all axes or one for each.
    """
    given, asked = (np.broadcast_to(np.asarray(size, np.float64), (len(shape),)) for size in (spacing_um, working_um))
    return tuple(
        n if same_size(have, want) else max(1, round(n * have / want))
        for n, have, want in zip(shape, given.tolist(), asked.tolist(), strict=True)
    )


def resize_ct(values: NDArray[np.float32], shape: Size) -> NDArray[np.float32]:
    """Grey values (H, W) at another shape, by Pillow's BICUBIC.

    Its kernel is widened where the image becomes smaller, so nothing finer than the new pixels is left (anti-aliased).
    A constant stays the same. Values may pass the old ends a little, at edges.
    """
    if values.shape == shape:
        return values
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.array(image.resize(shape[::-1], Image.Resampling.BICUBIC))


def resize_section(values: NDArray[np.float32], shape: Size) -> NDArray[np.float32]:
    """Colours (H, W, C) in [0, 1] at another shape: the mean of the area of each new pixel along an axis that becomes
    shorter, cubic along one that becomes longer.
    """
    if values.shape[:2] == shape:
        return values
    rows, columns = (_colour_weights(old, new) for old, new in zip(values.shape, shape, strict=False))
    return np.clip(_along_both(values, rows, columns), 0, 1).astype(np.float32)


def resize_mask(values: NDArray[np.float32], shape: Size) -> NDArray[np.float32]:
    """A mask (H, W), 1 = use, at another shape: a new pixel counts if all that it is computed from counted.

    So no colour from outside the mask gets into it.
    """
    if values.shape == shape:
        return values
    rows, columns = (abs(_colour_weights(old, new)) for old, new in zip(values.shape, shape, strict=True))
    left_out = _along_both((values < 0.5).astype(np.float64)[..., None], rows, columns)[..., 0]
    return (left_out < ROUNDING).astype(np.float32)


def resize_labels(values: NDArray[np.int64], shape: Size) -> NDArray[np.int64]:
    """Class ids (H, W) at another shape: that of the pixel in which the middle of the new one lies."""
    if values.shape == shape:
        return values
    rows, columns = (
        ((np.arange(new) + 0.5) * (old / new)).astype(np.int64).clip(max=old - 1)
        for old, new in zip(values.shape, shape, strict=True)
    )
    picked: NDArray[np.int64] = values[np.ix_(rows, columns)]
    return picked


def cubic_weights(n_in: int, n_out: int) -> csr_array:
    """Rows (n_out, n_in) of float64 weights that sum to 1: along another axis what `resize_ct` does in the plane."""
    scale = n_in / n_out
    wide = max(1.0, scale)
    middles = (np.arange(n_out) + 0.5) * scale
    first = (middles - 2 * wide + 0.5).astype(np.int64).clip(min=0)
    stop = (middles + 2 * wide + 0.5).astype(np.int64).clip(max=n_in)
    rows, columns = _spans(first, stop)
    x = abs(columns + 0.5 - middles[rows]) / wide
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x**2 + 1
    far = CUBIC * (((x - 5) * x + 8) * x - 4)
    return _normalised(np.where(x < 1, near, np.where(x < 2, far, 0.0)), rows, columns, (n_out, n_in))


def area_weights(n_in: int, n_out: int) -> csr_array:
    """Rows (n_out, n_in) of float64 weights that sum to 1: which part of a new pixel each old one covers."""
    scale = n_in / n_out
    edges = np.arange(n_out + 1) * scale
    first = np.floor(edges[:-1]).astype(np.int64).clip(max=n_in - 1)
    stop = np.ceil(edges[1:]).astype(np.int64).clip(max=n_in)
    rows, columns = _spans(first, stop)
    covered = np.minimum(columns + 1, edges[rows + 1]) - np.maximum(columns, edges[rows])
    return _normalised(np.where(covered > ROUNDING, covered, 0.0), rows, columns, (n_out, n_in))


def _colour_weights(old: int, new: int) -> csr_array:
    return area_weights(old, new) if new <= old else cubic_weights(old, new)


def _along_both(values: NDArray[np.generic], rows: csr_array, columns: csr_array) -> NDArray[np.float64]:
    """Values (H, W, C) with weights applied along rows and columns, in float64."""
    height, width, channels = values.shape
    shorter = (rows @ values.reshape(height, -1).astype(np.float64)).reshape(rows.shape[0], width, channels)
    turned = columns @ shorter.swapaxes(0, 1).reshape(width, -1)
    both: NDArray[np.float64] = turned.reshape(columns.shape[0], rows.shape[0], channels).swapaxes(0, 1)
    return both


def _spans(first: NDArray[np.int64], stop: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of each entry of rows that reach from `first` to before `stop`."""
    counts = stop - first
    rows = np.repeat(np.arange(len(first)), counts)
    return rows, np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts) + first[rows]


def _normalised(
    weights: NDArray[np.float64], rows: NDArray[np.int64], columns: NDArray[np.int64], shape: Size
) -> csr_array:
    sums = np.bincount(rows, weights, minlength=shape[0])
    matrix = csr_array((weights / sums[rows], (rows, columns)), shape=shape)
    matrix.eliminate_zeros()
    return matrix
