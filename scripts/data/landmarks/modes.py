"""The modes of a histogram, and which of them are air, background, mineral and metal."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

BINS = 512
SMOOTHING = 4.0  # bins, standard deviation
DIP = 0.35  # a mode stands out of the valley beside it by this logarithm, which is a factor of 1.4
LEAST_DENSITY = 1e-5  # share of the voxels in a bin that counts as none
SHARE = 0.01  # of the voxels, from which a mode may be a landmark
SHARE_BACKGROUND = 0.05  # of the voxels, from which a mode above another one makes that one air
#: Step from air to resin, as part of the step from resin to bone: 0.20 at 34 keV, 0.35 at 45 keV, calculated. A smaller
#: one leads from fat to soft tissue, a larger one from resin to bone, beside the step from bone to metal.
AIR = (0.17, 0.7)
CLOSE = 0.4  # of the step from background to mineral: a brighter mode nearer than that is mineral too


class Mode(NamedTuple):
    """A peak of a histogram: its grey value, and the share of the voxels between the valleys beside it."""

    value: float
    share: float


class Classes(NamedTuple):
    """Ranges of grey values, ends included.

    Attributes:
        background: of resin, marrow and soft tissue.
        mineral: of bone; it begins where `background` ends.
    """

    background: tuple[float, float]
    mineral: tuple[float, float]


def find_modes(values: NDArray[Any]) -> list[Mode]:
    """The modes of grey values from 0 to 1, the darkest one first."""
    counts, edges = np.histogram(values, BINS, (0.0, 1.0))
    density = gaussian_filter1d(counts.astype(np.float64), SMOOTHING) / max(1, counts.sum())
    height = np.log(density + LEAST_DENSITY)
    lowest = float(np.log(LEAST_DENSITY))
    peaks = find_peaks(np.concatenate([[lowest], height, [lowest]]), prominence=DIP)[0] - 1
    valleys = [int(a + np.argmin(density[a:b])) for a, b in itertools.pairwise(peaks)]
    ends = [0, *valleys, BINS]
    centres = (edges[:-1] + edges[1:]) / 2
    return [
        Mode(float(centres[peak]), float(density[start:stop].sum()))
        for peak, start, stop in zip(peaks, ends[:-1], ends[1:], strict=True)
    ]


def classes_of(modes: list[Mode], is_metal: Callable[[float], bool]) -> Classes | None:
    """Tell background and mineral among modes.

    Args:
        modes: as `find_modes` gives them.
        is_metal: whether what is brighter than a grey value has the shape of implants.

    Returns:
        None where there is no more than one mode.
    """
    left = [mode for mode in modes if mode.share >= SHARE]
    darkest = left[0].value if left else 0.0
    while len(left) > 2:
        first, second, third = left[:3]
        step = (second.value - first.value) / (third.value - second.value)
        if step > AIR[1] or is_metal((second.value + third.value) / 2):
            break
        if step < AIR[0]:  # fat and soft tissue: both are background
            left = left[1:]
        elif second.share < SHARE_BACKGROUND:  # osteoid, the rim of bone
            left = [first, *left[2:]]
        else:
            left = left[1:]
            darkest = second.value
    if len(left) < 2:
        return None
    background, mineral = left[0].value, left[1].value
    half = (mineral - background) / 2
    top = max(mode.value for mode in left[1:] if mode.value - mineral <= 2 * CLOSE * half)
    return Classes((darkest - half, mineral - half), (mineral - half, top + half))
