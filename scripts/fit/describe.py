"""What a scan is like: grain, sharpness and grey values of some of its slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter

Array = NDArray[np.float32]

STEPS = 64  # of the histogram
GRAIN = 2.0  # standard deviation in pixels of the Gaussian whose rest is the grain
BOX = 9  # side in pixels of a place where the grain is measured
CALM = 15  # percentile of these places: most of the others hold edges or texture
OF_WHITE = 0.89  # of white noise's standard deviation, what grain and percentile leave
CUT = 0.01  # share of pixels at an end of the window, from which a place shows too little of its grain
FINE, COARSE = 1.5, 3.0  # pixels: the Gaussians whose gradients are compared; finer ones suffer from noise
EDGES = 0.1  # share of the ridges of the gradient that are edges: the steepest
ABOVE_NOISE = 6.0  # standard deviations of the noise's gradient that an edge exceeds
FEWEST = 50  # pixels on edges, or of calm places, without which there is no number
CROP = 1024  # pixels along a side of a slice that are looked at, its middle: a second's work for four slices
BORDER = 8  # pixels at the rim of a slice whose neighbours are missing


@dataclass(frozen=True)
class ScanDescription:
    """Of windowed slices.

    Attributes:
        noise: standard deviation of the fine grain in calm places, part of the window; None: nothing but blanks.
        sharpness: blur of its edges, standard deviation in pixels; None: there are no edges.
        histogram: shares of the grey values in 64 equal steps of the window, per mille; empty: nothing but blanks.
    """

    noise: float | None
    sharpness: float | None
    histogram: tuple[float, ...]


def describe_scan(slices: Sequence[Array]) -> ScanDescription:
    """Measure a scan on some of its slices.

    Args:
        slices: (H, W) float32 in [0, 1] on the network's grid, of one scan; NaN where there is nothing to look at, such
            as padding. Under 35 pixels along a side there is no number for noise and sharpness.
    """
    slices = [_middle(slice_) for slice_ in slices]
    large = [slice_ for slice_ in slices if min(slice_.shape) > 2 * (BORDER + BOX)]
    noise = _noise(large)
    return ScanDescription(noise, _sharpness(large, noise or 0.0), _histogram(slices))


def _middle(slice_: Array) -> Array:
    rows, columns = (slice(max(0, (side - CROP) // 2), (side + CROP) // 2) for side in slice_.shape)
    return slice_[rows, columns]


def _histogram(slices: Sequence[Array]) -> tuple[float, ...]:
    counts = np.sum([np.histogram(slice_, STEPS, (0, 1))[0] for slice_ in slices], axis=0) if slices else np.zeros(1)
    if not counts.sum():
        return ()
    return tuple((1000 * counts / counts.sum()).tolist())


def _noise(slices: Sequence[Array]) -> float | None:
    """The grain of calm places: by a low percentile over places of the standard deviation in them.

    The grain of texture, edges and streaks is larger. A constant place, such as padding, shows none. A place that the
    window cuts off shows less than there is.
    """
    calm: list[Array] = []
    for slice_ in slices:
        seen = np.nan_to_num(slice_)
        grain = seen - gaussian_filter(seen, GRAIN)
        variance = uniform_filter(grain * grain, BOX)
        at_ends = _share((seen <= 0) | (seen >= 1), 2 * BOX)  # NaN became 0
        usable = (at_ends < CUT) & (variance > 1e-12)
        if np.count_nonzero(usable) < FEWEST:  # so much noise that it reaches the window's ends everywhere
            usable = (at_ends < 0.5) & (variance > 1e-12)
        calm.append(variance[usable])
    values = np.concatenate(calm) if calm else np.empty(0)
    return float(np.sqrt(np.percentile(values, CALM))) / OF_WHITE if values.size >= FEWEST else None


def _sharpness(slices: Sequence[Array], noise: float) -> float | None:
    """The blur of edges, by how much their gradient falls when they are blurred more.

    A step blurred by s has the gradient 1 / (sqrt(2 pi) s), further blurred by f that of sqrt(s^2 + f^2). The ratio of
    the gradients at two such f gives s (Zhuo and Sim 2011, 10.1016/j.patcog.2011.03.009, with one image not blurred).
    Both are taken along the direction of the coarser one, whose noise is small: so noise adds little bias.
    """
    fine, coarse = [np.empty(0)], [np.empty(0)]
    for slice_ in slices:
        seen = np.nan_to_num(slice_)
        down, right = np.gradient(gaussian_filter(seen, FINE))
        down_coarse, right_coarse = np.gradient(gaussian_filter(seen, COARSE))
        size = np.hypot(down_coarse, right_coarse)
        ridge = _ridge(size, np.abs(right_coarse) > np.abs(down_coarse))
        # the window cuts the edges of what is brighter than it, and what was padding has an edge of its own
        ridge &= _share((seen <= 0) | (seen >= 1), 13) < 0.15
        ridge[:BORDER] = ridge[-BORDER:] = ridge[:, :BORDER] = ridge[:, -BORDER:] = False
        # of white noise after a Gaussian filter, along one axis
        ridge &= size > ABOVE_NOISE * noise / (math.sqrt(8 * math.pi) * COARSE**2)
        along = (down * down_coarse + right * right_coarse)[ridge] / size[ridge]
        fine.append(along)
        coarse.append(size[ridge])
    of_fine, of_coarse = np.concatenate(fine), np.concatenate(coarse)
    if of_coarse.size < FEWEST:
        return None
    steep = np.argsort(of_coarse)[-max(FEWEST, int(EDGES * of_coarse.size)) :]
    ratio = max(float(np.median(of_fine[steep] / of_coarse[steep])), 1.0001)
    return math.sqrt(max(0.0, (COARSE**2 - ratio**2 * FINE**2) / (ratio**2 - 1)))


def _share(where: NDArray[np.bool_], side: int) -> Array:
    """Of the pixels around each one, part of them."""
    return np.asarray(uniform_filter(where.astype(np.float32), side))


def _ridge(size: Array, across: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a gradient is largest across the edge, which is along the rows where `across` is true."""
    of_rows = (size > np.roll(size, 1, 1)) & (size >= np.roll(size, -1, 1))
    of_columns = (size > np.roll(size, 1, 0)) & (size >= np.roll(size, -1, 0))
    return np.where(across, of_rows, of_columns)
