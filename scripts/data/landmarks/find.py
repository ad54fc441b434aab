"""The landmarks of a scan's grey values: the mode of background (resin, marrow) and the mode of mineral (bone).

Two landmarks fix a linear map between the grey values of two scans, after Nyul and Udupa (1999, MRM 42:1072). TorchIO's
`HistogramStandardization` is not used: its landmarks are percentiles, which move with the amount of metal and of air.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from scripts.data.landmarks.modes import AIR, Classes, Mode, classes_of, find_modes
from scripts.data.landmarks.surface import depths, is_compact, near_surface
from scripts.data.padding import NO_PADDING, Padding

LONGEST = 1024  # pixels of a slice's side that are looked at
PLACES = ((0.5, 0.5), (0.25, 0.25), (0.75, 0.75), (0.25, 0.75), (0.75, 0.25))  # of those in larger slices, in turn
DENOISE = 1.0  # pixels, standard deviation of the filter before the histogram
OUTLIERS = (0.02, 99.98)  # per cent, between which all further steps have their scale
BEYOND = 0.25  # of that range, to which grey values beyond it are cut
HOMOGENEOUS = 0.3  # share of the voxels with the smallest gradient, in whose histogram modes stand apart
STEADY = 0.5  # the same share of mineral, of which its landmark is the median
BRIGHTER = 0.5  # voxels near the surface, for each one of mineral there, that may be brighter than its mode's range
FEWEST = 500  # voxels that are enough
SHARE_AIR = 1e-4  # of the homogeneous voxels, from which a mode is evidence of air
LEAST_BONE = 2.6  # attenuation of bone over that of resin: 4 to 6 at 45 to 34 keV, 2.7 at 60 keV; soft tissue's is 1.3


class Landmarks(NamedTuple):
    """Two grey values of a scan.

    Attributes:
        background: of resin, marrow and soft tissue, without air.
        mineral: of bone.
    """

    background: float
    mineral: float


class Search(NamedTuple):
    """What a search for landmarks found.

    Attributes:
        landmarks: None where there are none.
        remark: why there are none, or what makes them doubtful; empty for sound ones.
    """

    landmarks: Landmarks | None
    remark: str = ""


class _Scan(NamedTuple):
    """Slices in units of the scan's range, smoothed; their gradient; a mask of what is neither padding nor NaN."""

    smooth: list[NDArray[np.float32]]
    gradient: list[NDArray[np.float32]]
    tissue: list[NDArray[np.bool_]]


def find_landmarks(slices: Sequence[NDArray[Any]], padding: Padding = NO_PADDING) -> Search:
    """Find background and mineral mode, whatever the amount of metal, air and padding.

    Modes are the peaks of the histogram of voxels with a small gradient. A landmark is the median of the voxels of
    its class that lie near the surface between the two: an implant is thick, so that its inside is far away.

    Args:
        slices: of one scan, each (rows, columns) of any type; NaN is left out.
        padding: of the scan, left out too.

    Returns:
        The landmarks. That mineral is bright is taken for granted: an inverted scan has its resin as mineral.
    """
    parts = [_without_padding(part_of(slice_, number), padding) for number, slice_ in enumerate(slices)]
    finite = np.concatenate([values[np.isfinite(values)] for values in parts])
    if finite.size < FEWEST:
        return Search(None, "it has too few voxels")
    lo, hi = (float(value) for value in np.percentile(finite, OUTLIERS))
    if hi <= lo:
        return Search(None, "nearly all its grey values are the same")
    scan = _prepared(parts, lo, hi)
    modes = find_modes(_homogeneous(scan))
    found = _found(scan, modes)
    if isinstance(found, str):
        return Search(None, found)
    doubt = _doubt(modes, found)
    return Search(Landmarks(*(lo + (hi - lo) * value for value in found)), doubt)


def part_of(slice_: NDArray[Any], number: int) -> NDArray[Any]:
    """The part of a large slice that is looked at, in another place in each slice; all of a smaller one.

    Args:
        slice_: (rows, columns).
        number: of the slice among those looked at, from 0.
    """
    place = PLACES[number % len(PLACES)]
    starts = [round(part * max(0, side - LONGEST)) for part, side in zip(place, slice_.shape, strict=True)]
    return slice_[starts[0] : starts[0] + LONGEST, starts[1] : starts[1] + LONGEST]


def _without_padding(part: NDArray[Any], padding: Padding) -> NDArray[np.float64]:
    """Grey values, NaN where they are padding."""
    values = np.array(part, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    padded = padding.where(part)
    if padded is not None:
        values[padded] = np.nan
    return values


def _prepared(parts: Sequence[NDArray[np.float64]], lo: float, hi: float) -> _Scan:
    scan = _Scan([], [], [])
    for values in parts:
        tissue = np.isfinite(values)
        if not tissue.any():
            continue
        filled = np.where(tissue, values, np.median(values[tissue]))
        scaled = np.clip((filled - lo) / (hi - lo), -BEYOND, 1 + BEYOND).astype(np.float32)
        scan.smooth.append(gaussian_filter(scaled, DENOISE))
        scan.gradient.append(gaussian_gradient_magnitude(scaled, DENOISE))
        scan.tissue.append(tissue)
    return scan


def _homogeneous(scan: _Scan) -> NDArray[np.float32]:
    """The grey values of voxels with a small gradient, among which there are few of mixed materials."""
    gradient = np.concatenate([steep[mask] for steep, mask in zip(scan.gradient, scan.tissue, strict=True)])
    values = np.concatenate([grey[mask] for grey, mask in zip(scan.smooth, scan.tissue, strict=True)])
    chosen: NDArray[np.float32] = values[gradient <= np.quantile(gradient, HOMOGENEOUS)]
    return chosen


def _found(scan: _Scan, modes: list[Mode]) -> tuple[float, float] | str:
    """Both landmarks on the scan's scale, or why there are none."""

    def is_metal(above: float) -> bool:
        return is_compact([(grey > above) & mask for grey, mask in zip(scan.smooth, scan.tissue, strict=True)])

    classes = classes_of(modes, is_metal)
    if classes is None:
        return "its histogram has one mode only, so that it shows no bone, or nothing but bone"
    (background, _), (mineral, brighter) = (_near_surface(scan, classes, mineral) for mineral in (False, True))
    if brighter > BRIGHTER and not is_metal(classes.mineral[1]):
        return "most of what is brighter than its background has no mode of its own"
    if min(background.size, mineral.size) < FEWEST:
        return "it shows too little of background or of bone"
    return float(np.median(background)), float(np.median(mineral))


def _near_surface(scan: _Scan, classes: Classes, mineral: bool) -> tuple[NDArray[np.float32], float]:
    """Grey values on one side of the surface and near it, of mineral where it is homogeneous; brighter share."""
    bright = [(grey > classes.mineral[0]) & mask for grey, mask in zip(scan.smooth, scan.tissue, strict=True)]
    dark = [mask & ~side for side, mask in zip(bright, scan.tissue, strict=True)]
    low, high = classes.mineral if mineral else classes.background
    values, steep, members = (
        np.concatenate([part.ravel() for part in parts])
        for parts in (scan.smooth, scan.gradient, bright if mineral else dark)
    )
    inside = members & (values >= low) & (values <= high)
    depth = depths(dark if mineral else bright)
    layer = near_surface(depth, inside)
    chosen = inside & layer
    if not chosen.any():
        return values[:0], 0.0
    brighter = np.count_nonzero(members & layer & (values > high)) / np.count_nonzero(chosen)
    if mineral:
        chosen &= steep <= np.quantile(steep[chosen], STEADY)
    return values[chosen], brighter


def _doubt(modes: list[Mode], found: tuple[float, float]) -> str:
    """Whether a mode of air, which attenuates nothing, tells that what is bright attenuates too little for bone."""
    background, mineral = found
    air = [mode.value for mode in modes if mode.share >= SHARE_AIR]
    if not air or background - air[0] < AIR[0] * (mineral - background):
        return ""
    ratio = (mineral - air[0]) / (background - air[0])
    if ratio >= LEAST_BONE:
        return ""
    return (
        f"if its darkest mode is air, the brightest tissue attenuates {ratio:.1f} times as much as the background, "
        "bone 3 to 6 times: it may be soft tissue without any bone"
    )
