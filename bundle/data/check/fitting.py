"""Whether a section lies on its CT, and what would bring it there: a turn, a mirror, a shift, another scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.registration import phase_cross_correlation
from skimage.transform import rescale

from bundle.data.check.look import Look, Seen, see
from bundle.data.check.relation import Relation, predicted
from bundle.shared.quality.fit import LEAST_JUDGED, Quality, measure

FITS_FROM = 0.25  # share of the windows that fit, below which nothing shows that both are of one place
LEAST_AFTER, LEAST_GAIN = 0.4, 0.2  # share of the windows that fit after a remedy, and by how much it must rise
DETAIL = 6.0  # pixels, what is coarser is taken out before images are laid over each other
MARGIN = 1.5  # sides of the field in which they are moved, of the larger image
TRIED = 3  # remedies that are judged, the most promising first
SCALES = np.exp(np.linspace(np.log(0.5), np.log(2), 28))  # none of them 1
LEAST_SCALE = 0.04  # logarithm of a scale that is told from 1
FINER = np.exp(np.linspace(-0.026, 0.026, 5))  # around the best of them
LEAST_SHIFT = 4  # pixels of the small images that are worth a word beside a turn or a scale
PART = "fits in part"  # what is found where only some of the places fit

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Remedy:
    """What was done to a section so that it fits.

    Attributes:
        kind: "turned", "mirrored", "shifted", "other scale".
        words: what to do to the section, such as "turned by 90 degrees".
        fitting: share of the windows that fit then.
    """

    kind: str
    words: str
    fitting: float


@dataclass(frozen=True)
class _Trial:
    """A section turned and scaled, and where it lies then.

    Attributes:
        turns: quarters to the left, after the mirror.
        mirrored: left to right.
        scale: by which it was enlarged.
        score: squared correlation with the CT.
        offset: rows and columns by which its corner is moved.
    """

    turns: int
    mirrored: bool
    scale: float
    score: float
    offset: tuple[int, int]


def fit_of(look: Look, seen: Seen) -> Quality:
    """How well a section fits the CT of a pair; see `measure`."""
    return measure(seen.image, seen.density.mean(axis=-1), look.grey, seen.tissue & look.inside)


def remedy_of(look: Look, usual: Relation | None, before: float) -> Remedy | None:
    """What makes a section fit that does not, or None.

    Method: the section's colours are turned into the grey that they have in the other pairs. Cross-correlation finds
    where that lies in the CT, for eight orientations and for scales of one half to two. The most promising are judged
    as pairs are. Where none fits, the section's optical density takes the place of that grey: in tissue of its own kind
    the other pairs' grey may mislead.

    Args:
        look: the pair.
        usual: greys of colours in pairs that fit; None where there are none.
        before: share of the windows that fit as it is.
    """
    seen = see(look.light)
    density = seen.density.mean(axis=-1).clip(0, 1)
    whole = 0 if look.seen is None else fit_of(look, look.seen).judged
    for expected in [density] if usual is None else [predicted(seen.image, usual), density]:
        trials = sorted(_trials(look, expected), key=lambda trial: -trial.score)[:TRIED]
        judged = [(_share(fit_of(*_moved(look, trial)), whole), trial) for trial in trials]
        fitting, best = max(judged, key=lambda entry: entry[0])
        if fitting >= max(LEAST_AFTER, before + LEAST_GAIN):
            return Remedy(*_words(look, best), fitting)
    return None


def _share(quality: Quality, whole: int) -> float:
    """Share of the windows that fit, of those that can be judged before a move if there are more: a small part that is
    left of the CT may fit by chance."""
    return quality.fitting * quality.judged / max(quality.judged, whole, LEAST_JUDGED)


def _trials(look: Look, expected: Array) -> list[_Trial]:
    detail = _detail(look.grey, look.inside)
    trials = []
    for mirrored in (False, True):
        for turns in range(4):
            turned = _turned(expected, turns, mirrored)
            # Images of one size have one scale; others are brought to the same height first.
            scale = 1.0 if look.seen is not None else look.grey.shape[0] / turned.shape[0]
            trials.append(_Trial(turns, mirrored, scale, *_overlaid(detail, _detail(_scaled(turned, scale)))))
    half = _detail(_scaled(look.grey, 0.5), _scaled(look.inside.astype(float), 0.5) > 0.5)
    base = trials[0].scale
    scores = [_overlaid(half, _detail(_scaled(expected, base * scale / 2)))[0] for scale in SCALES]
    best = base * SCALES[int(np.argmax(scores))]
    if abs(np.log(best / base)) < LEAST_SCALE:
        return trials  # it has the scale already
    fine = [_Trial(0, False, best * f, *_overlaid(detail, _detail(_scaled(expected, best * f)))) for f in FINER]
    return [*trials, max(fine, key=lambda trial: trial.score)]


def _overlaid(detail: Array, image: Array) -> tuple[float, tuple[int, int]]:
    """Squared correlation of two images where it is largest, and by how much the second is moved then.

    Its sign does not count: without other pairs it is not known whether dense is bright.
    """
    side = int(MARGIN * max(*detail.shape, *image.shape))
    field = [np.pad(one, [(0, side - length) for length in one.shape]) for one in (detail, image)]
    if not all(one.any() for one in field):
        return 0.0, (0, 0)
    shift, error, _ = phase_cross_correlation(*field, normalization=None)
    return 1 - float(error) ** 2, (round(shift[0]), round(shift[1]))


def _detail(image: Array, where: NDArray[np.bool_] | None = None) -> Array:
    """An image without what is coarse, 0 where it does not count."""
    where = np.ones(image.shape, bool) if where is None else where
    filled = np.where(where, image, image[where].mean() if where.any() else 0)
    detail: Array = np.where(where, filled - gaussian_filter(filled, DETAIL), 0)
    return detail


def _turned(image: Array, turns: int, mirrored: bool) -> Array:
    return np.rot90(image[:, ::-1] if mirrored else image, turns)


def _scaled(image: Array, scale: float) -> Array:
    if scale == 1:
        return image
    axis = -1 if image.ndim == 3 else None
    scaled: Array = rescale(image, scale, order=1, anti_aliasing=scale < 1, channel_axis=axis, preserve_range=True)
    return scaled


def _moved(look: Look, trial: _Trial) -> tuple[Look, Seen]:
    """The pair as it is after a trial: what the section covers of the CT, and the section there."""
    light = _scaled(_turned(look.light, trial.turns, trial.mirrored), trial.scale)
    (rows, columns), (down, right) = look.grey.shape, trial.offset
    top, left = max(down, 0), max(right, 0)
    part = light[max(-down, 0) :, max(-right, 0) :][: max(rows - top, 0), : max(columns - left, 0)]
    canvas = np.broadcast_to(np.quantile(light, 0.99, axis=(0, 1)), (rows, columns, 3)).astype(np.float32)
    covered = np.zeros((rows, columns), bool)
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    covered[top : top + part.shape[0], left : left + part.shape[1]] = True
    return replace(look, inside=look.inside & covered), see(canvas)


def _words(look: Look, trial: _Trial) -> tuple[str, str]:
    """Kind of the remedy, and what to do."""
    words, kind = [], "shifted"
    in_files = trial.scale * look.factor * look.light.shape[0] / look.section_shape[0]
    if trial.mirrored:
        kind = "mirrored"
        words.append({2: "mirrored top to bottom"}.get(trial.turns, "mirrored left to right"))
    if trial.turns and not (trial.mirrored and trial.turns == 2):
        kind = "mirrored" if trial.mirrored else "turned"
        way = {1: "90 degrees to the left", 2: "180 degrees", 3: "90 degrees to the right"}[trial.turns]
        words.append(f"turned by {way}")
    if trial.scale != 1:
        kind = "other scale"
        words.append(f"scaled by {in_files:.3g}")
    elif not words or max(map(abs, trial.offset)) >= LEAST_SHIFT:
        down, right = (look.factor * pixels for pixels in trial.offset)
        moves = [
            f"{abs(by)} pixels {way[by > 0]}"
            for by, way in ((down, ("up", "down")), (right, ("to the left", "to the right")))
            if by
        ]
        words.append(f"moved by {' and '.join(moves)}" if moves else "moved by less than a pixel")
    return kind, " and ".join(words)
