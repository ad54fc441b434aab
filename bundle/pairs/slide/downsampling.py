"""Down-sampling a slide to the CT's voxels: every pixel is the mean of the light of what it covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from bundle.pairs.slide.slide import Slide
from bundle.shared.section.light import light_of
from scripts.errors import InputError

STRIP = 48e6  # values of a strip that are held at once
LARGEST = 80e6  # pixels of a section

_LIGHT = light_of(np.arange(256) / 255).astype(np.float32)  # of 8-bit sRGB values


def overlap(source: int, target: int, factor: float) -> csr_array:
    """Weights (target, source) by which each of `target` intervals of `factor` pixels averages the pixels it covers.

    An interval that reaches beyond the last pixel averages what there is.
    """
    edges = np.arange(target + 1) * factor
    rows, columns, weights = [], [], []
    for row in range(target):
        low, high = min(edges[row], source - 1), min(edges[row + 1], source)
        pixels = np.arange(int(low), max(int(np.ceil(high - 1e-9)), int(low) + 1))
        shares = np.minimum(pixels + 1, high) - np.maximum(pixels, low)
        rows.append(np.full(len(pixels), row))
        columns.append(pixels)
        weights.append(shares / shares.sum())
    entries = (np.concatenate(weights).astype(np.float32), (np.concatenate(rows), np.concatenate(columns)))
    return csr_array(entries, shape=(target, source))


def reduced(slide: Slide, factor: float) -> NDArray[np.float32]:
    """The slide with pixels of `factor` of its own along each side, averaged without gaps or overlaps.

    Light adds up, sRGB values and optical densities do not: a sensor with larger pixels would see the mean of the
    light, and so does a microscope with a weaker lens. The pyramid's levels are taken as what they claim to be.

    Args:
        slide: open slide.
        factor: at least 1.

    Returns:
        (H, W, 3) float32 linear light in [0, 1].

    Raises:
        InputError: the slide is coarser than asked for; too many pixels are left; a level cannot be read.
    """
    if factor < 0.999:
        raise InputError(
            f"{slide.path} has pixels {1 / factor:.2f} times as large as the CT's voxels: colours are only averaged, "
            "never made up. Scan the slide finer, or bin the CT."
        )
    level = slide.level_for(factor)
    height, width = slide.sizes[level]
    step = factor / slide.finer(level)
    size = tuple(max(1, round(side / factor)) for side in slide.sizes[0])
    if size[0] * size[1] > LARGEST:
        raise InputError(
            f"{slide.path} would have {size[1]} x {size[0]} pixels at the scan's voxel size, more than can be "
            "registered at once: check --pixel_um and --voxel_um, bin the scan, or crop the slide."
        )
    down, across = overlap(height, size[0], step), overlap(width, size[1], step)
    result = np.empty((*size, 3), np.float32)
    rows = max(1, int(STRIP / (3 * width * step)))
    for start in range(0, size[0], rows):
        stop = min(start + rows, size[0])
        weights = down[start:stop]
        first, last = int(weights.indices.min()), int(weights.indices.max()) + 1
        light = _LIGHT[slide.part(level, first, 0, last - first, width)]
        for channel in range(3):
            result[start:stop, :, channel] = (across @ (weights[:, first:last] @ light[..., channel]).T).T
    return result
