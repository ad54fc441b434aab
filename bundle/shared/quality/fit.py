"""How well a section fits its scan, place by place, without anybody's landmarks.

The scan's grey is predicted from the section's colours by what the pair itself shows. In every window the prediction is
compared with the scan at many shifts: where it fits best without a shift, the pair fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, uniform_filter

from bundle.shared.quality.damage import damage

AVERAGED = 2  # pixels, before windows are compared
WINDOW = 24  # averaged pixels, side of a window
REACH = 6  # averaged pixels, greatest shift
STRIDE = 6  # averaged pixels between windows
FITS = 3.0  # pixels, shift up to which a window fits
CORRELATED = 0.35  # correlation from which a window fits
LEAST_COVERED = 0.5  # of a window that must be valid
LEAST_CONTRAST = 0.03  # standard deviation of the scan in a window that can be judged, of the CT window's width
COLOUR_BINS = 12
GOOD_FROM, USABLE_FROM = 0.6, 0.45  # share of the windows that fit
LEAST_JUDGED = 10  # windows, fewer say nothing
VERDICTS = ("good", "usable with mask", "reject")

Mask = npt.NDArray[np.bool_]
Image = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Quality:
    """What was found.

    Attributes:
        verdict: one of `VERDICTS`.
        reasons: in words.
        fitting: share of the windows that fit.
        judged: number of windows.
        shift: median shift of the windows that correlate, in pixels.
        information: (H, W) local mutual information of CT and colours in bits, of values taken as jointly normal, NaN
            where nothing can be said.
        mask: (H, W) what is proposed for training.
    """

    verdict: str
    reasons: tuple[str, ...]
    fitting: float
    judged: int
    shift: float
    information: npt.NDArray[np.float32]
    mask: Mask


def measure(section: Image, density: Image, ct: Image, valid: Mask) -> Quality:
    """Measure how well a pair fits, and give its verdict.

    Args:
        section: (H, W, 3) sRGB values in [0, 1].
        density: (H, W) its mean optical density.
        ct: (H, W) in [0, 1].
        valid: (H, W) where both show the specimen.
    """
    if valid.sum() < WINDOW**2:
        blank = np.full(ct.shape, np.nan, np.float32)
        return Quality("reject", ("hardly any of the section lies in the scan",), 0.0, 0, 0.0, blank, valid & False)
    shift, correlation, judged = _windows(predict(section, ct, valid), ct, valid)
    fits = judged & (shift <= FITS) & (correlation >= CORRELATED)
    count = int(judged.sum())
    fitting = float(fits.sum() / max(count, 1))
    with np.errstate(invalid="ignore"):
        bits = -0.5 * np.log2(1 - np.clip(correlation, 0, 0.999) ** 2)
    information = _spread(np.where(judged, bits, np.nan), ct.shape)
    misfit = _spread(np.where(judged, ~fits, 0).astype(np.float64), ct.shape) > 0.5
    mask = valid & ~misfit & ~damage(density, ct, valid)
    known = shift[judged & (correlation >= CORRELATED)]
    middle = float(np.median(known)) if known.size else float("nan")
    verdict, reason = _verdict(fitting, count)
    return Quality(verdict, (reason,), fitting, count, middle, information, mask)


def _verdict(fitting: float, judged: int) -> tuple[str, str]:
    """The verdict and its reason."""
    share = f"{100 * fitting:.0f} % of the windows fit"
    if judged < LEAST_JUDGED:
        return "reject", f"only {judged} windows have enough contrast to be judged"
    if fitting < USABLE_FROM:
        return "reject", f"{share}, fewer than {100 * USABLE_FROM:.0f}"
    if fitting < GOOD_FROM:
        return "usable with mask", f"{share}, fewer than {100 * GOOD_FROM:.0f}"
    return "good", share


def predict(section: Image, ct: Image, valid: Mask) -> Image:
    """The scan's grey (H, W) as the section's colours tell it: the mean grey of each colour, smoothed over colours."""
    bins = np.clip((section * COLOUR_BINS).astype(int), 0, COLOUR_BINS - 1)
    flat = np.ravel_multi_index(tuple(np.moveaxis(bins, -1, 0)), (COLOUR_BINS,) * 3)
    shape = (COLOUR_BINS,) * 3
    count = np.bincount(flat[valid], minlength=COLOUR_BINS**3).reshape(shape).astype(float)
    total = np.bincount(flat[valid], weights=ct[valid], minlength=COLOUR_BINS**3).reshape(shape)
    count, total = gaussian_filter(count, 0.6), gaussian_filter(total, 0.6)
    mean = np.where(count > 1e-6, total / np.maximum(count, 1e-6), ct[valid].mean())
    predicted: Image = mean.ravel()[flat]
    return predicted


def _windows(predicted: Image, ct: Image, valid: Mask) -> tuple[Image, Image, Mask]:
    """Best shift in pixels, its correlation, and whether it can be judged, of every window."""
    a, b, weight = (_averaged(np.where(valid, image, 0)) for image in (predicted, ct, valid.astype(float)))
    share = np.maximum(weight, 1e-6)
    a, b = a / share, b / share
    # Where a shift leads out of the section there is nothing to compare: edges are filled with the mean.
    a, b = (np.where(weight > 0.5, image, image[weight > 0.5].mean()) for image in (a, b))
    inner = (weight > 0.5).astype(float)

    def mean(image: Image) -> Image:
        means: Image = uniform_filter(image, WINDOW)[WINDOW // 2 :: STRIDE, WINDOW // 2 :: STRIDE]
        return means

    cover = mean(inner)
    norm = np.maximum(cover, 1e-6)
    first, second = mean(a * inner) / norm, mean(a * a * inner) / norm
    deviation_a = np.sqrt(np.maximum(second - first**2, 1e-8))
    best, best_shift = np.full(cover.shape, -1.0), np.zeros(cover.shape)
    contrast = np.zeros(cover.shape)
    for down in range(-REACH, REACH + 1):
        for across in range(-REACH, REACH + 1):
            moved = np.roll(b, (down, across), axis=(0, 1))
            m = mean(moved * inner) / norm
            deviation = np.sqrt(np.maximum(mean(moved**2 * inner) / norm - m**2, 1e-8))
            value = (mean(a * moved * inner) / norm - first * m) / (deviation_a * deviation)
            better = value > best
            best = np.where(better, value, best)
            best_shift = np.where(better, AVERAGED * np.hypot(down, across), best_shift)
            if down == across == 0:
                contrast = deviation
    return best_shift, best, (cover > LEAST_COVERED) & (contrast > LEAST_CONTRAST)


def _averaged(image: Image) -> Image:
    rows, columns = (side // AVERAGED for side in image.shape)
    part = image[: rows * AVERAGED, : columns * AVERAGED]
    averaged: Image = part.reshape(rows, AVERAGED, columns, AVERAGED).mean(axis=(1, 3))
    return averaged


def _spread(windows: Image, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Values of windows at the pixels they stand for: each pixel that of the window whose middle is nearest."""
    nearest = []
    for side, count in zip(shape, windows.shape, strict=True):
        averaged = (np.arange(side) + 0.5) / AVERAGED - 0.5
        middle = (WINDOW - 1) / 2  # of the first window: `uniform_filter` takes one pixel more before than after
        nearest.append(np.clip(np.rint((averaged - middle) / STRIDE).astype(int), 0, count - 1))
    spread: npt.NDArray[np.float32] = windows[np.ix_(*nearest)].astype(np.float32)
    return spread
