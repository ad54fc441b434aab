"""A lookup table within seconds, however many and large the pairs are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.lookup_table.choice import Items, choose_lut
from scripts.lookup_table.table import apply_lut

FITTED, CHOSEN = 12, 4  # slices, evenly spread, that the table is fitted to and that choose its smoothing
SIDE = 1024  # pixels of the window that is cut from a larger slice


class QuickTable(NamedTuple):
    """A table, and what it was made of.

    Attributes:
        sigma: smoothing, standard deviation in pixels.
        table: see `fit_lut`.
        words: which slices it was made of.
    """

    sigma: float
    table: NDArray[np.float64]
    words: str

    def stain(self, item: Mapping[str, Any]) -> torch.Tensor:
        """What the table makes of a pair's CT, (3, H, W) in [0, 1]."""
        return torch.from_numpy(apply_lut(item["image"], self.table, self.sigma))


def quick_table(training: Items, validation: Items, seed: int = 0) -> QuickTable:
    """Fit a lookup table to few windows of the training slices, its smoothing to few of the validation's.

    Args:
        training: pairs, see `fit_lut`; each is asked for once at most.
        validation: likewise; none: the training's choose.
        seed: of where windows are cut.

    Raises:
        ValueError: no pixel to fit on.
    """
    rng = np.random.default_rng(seed)
    fitted, chosen = _few(training, FITTED, rng), _few(validation, CHOSEN, rng)
    sigma, table = choose_lut(fitted, chosen or fitted)
    whose = f"{len(chosen)} validation" if chosen else "the same"
    words = f"fitted to {len(fitted)} training slices, its smoothing of {sigma:g} pixels chosen on {whose} slices"
    return QuickTable(sigma, table, words)


def _few(items: Items, count: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    places = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int))
    return [_window(items[int(place)], rng) for place in places]


def _window(item: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    arrays = {key: np.asarray(item[key]) for key in ("image", "label", "mask") if key in item}
    starts = [int(rng.integers(max(0, side - SIDE) + 1)) for side in arrays["image"].shape[-2:]]
    rows, columns = (slice(start, start + SIDE) for start in starts)
    return {key: array[:, rows, columns] for key, array in arrays.items()}
