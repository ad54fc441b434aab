"""Which grey goes with which colour: what one pair tells of the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

BINS = 12  # of each colour
SMOOTHED = 0.6  # bins, by which a table of greys is smoothed
ALIKE = 1.0  # bins, by which colours are smoothed before they are compared
RARE = 1e-5  # share of the pixels from which the grey of a colour is known

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Relation:
    """Colours of a pair and their greys, as shares of its pixels.

    Attributes:
        pixels: (BINS**3,) share of the pixels of each colour.
        grey: (BINS**3,) sum of their greys, over all pixels.
        squares: mean of the squared grey.
    """

    pixels: Array
    grey: Array
    squares: float

    @property
    def inverted(self) -> Relation:
        """The same with the CT inverted."""
        return Relation(self.pixels, self.pixels - self.grey, 1 - 2 * float(self.grey.sum()) + self.squares)


def relation_of(image: Array, grey: Array, where: NDArray[np.bool_]) -> Relation:
    """Measure a pair.

    Args:
        image: (H, W, 3) sRGB values in [0, 1].
        grey: (H, W) in [0, 1].
        where: (H, W) what counts.
    """
    flat, values = _bins(image)[where], grey[where]
    count = max(len(flat), 1)
    pixels = np.bincount(flat, minlength=BINS**3) / count
    return Relation(pixels, np.bincount(flat, values, BINS**3) / count, float((values**2).sum()) / count)


def mean_of(relations: Sequence[Relation]) -> Relation:
    """That of several pairs together, each with the same weight."""
    return Relation(
        np.mean([relation.pixels for relation in relations], axis=0),
        np.mean([relation.grey for relation in relations], axis=0),
        float(np.mean([relation.squares for relation in relations])),
    )


def agreement(of: Relation, by: Relation) -> tuple[float, float]:
    """How well one pair's relation predicts the grey of another from its colours.

    Returns:
        Correlation of the predicted grey with the true one, and the share of the pixels whose colours are known; the
        correlation is 0 where next to none are.
    """
    table, known = _table(by)
    weight = of.pixels * known
    share = float(weight.sum())
    if share < 0.01:
        return 0.0, share
    mean = float((weight * table).sum()) / share
    grey = float((of.grey * known).sum()) / share
    spread = float((weight * table**2).sum()) / share - mean**2
    variance = of.squares - float(of.grey.sum()) ** 2
    together = float((of.grey * known * table).sum()) / share - mean * grey
    return float(np.clip(together / np.sqrt(max(spread * variance, 1e-12)), -1, 1)), share


def likeness(one: Relation, other: Relation) -> float:
    """How alike the colours of two sections are: Bhattacharyya's coefficient, 1 for the same, 0 for none in common."""
    roots = [np.sqrt(np.maximum(_smooth(relation.pixels, ALIKE), 0)) for relation in (one, other)]
    return float((roots[0] * roots[1]).sum())


def predicted(image: Array, by: Relation) -> Array:
    """Grey (H, W) that the colours of a section let expect, the mean of all greys where a colour is not known."""
    table, known = _table(by)
    greys: Array = np.where(known, table, float(by.grey.sum()))[_bins(image)]
    return greys


def _bins(image: Array) -> NDArray[np.intp]:
    bins = np.clip((image * BINS).astype(int), 0, BINS - 1)
    flat: NDArray[np.intp] = np.ravel_multi_index(tuple(np.moveaxis(bins, -1, 0)), (BINS,) * 3)
    return flat


def _table(relation: Relation) -> tuple[Array, NDArray[np.bool_]]:
    pixels, grey = _smooth(relation.pixels, SMOOTHED), _smooth(relation.grey, SMOOTHED)
    return grey / np.maximum(pixels, 1e-12), pixels > RARE


def _smooth(values: Array, sigma: float) -> Array:
    smooth: Array = gaussian_filter(values.reshape((BINS,) * 3), sigma).ravel()
    return smooth
