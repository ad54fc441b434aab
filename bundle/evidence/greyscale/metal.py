"""How far the window of a scan moves where its implant is cropped away, or is there twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bundle.synthetic.phantom.anatomy.materials import METAL, PEEK
from bundle.synthetic.phantom.datalist import materials, read_phantom
from scripts.data.image.read import read_ct
from scripts.data.landmarks.find import find_landmarks
from scripts.data.padding import padding_of
from scripts.data.window import PERCENTILES, percentile_window
from scripts.data.window_choice import NO_TRAINING, Choice, Facts, choose_window

NARROWEST = 24  # pixels of a strip beside the implant that is kept

Slice = NDArray[Any]


def moves(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """A row of a table for each specimen: its window as found, and how far that moves, per cent of its width.

    Without the implant: the slices are cut into the strips beside the box around it. With twice its area: the boxes
    are added as further slices.

    Args:
        folder: of a phantom.
        split: whose specimens.

    Raises:
        InputError: the folder holds no phantom; an image cannot be read.
    """
    of = materials(folder)
    specimens: dict[str, list[dict[str, Any]]] = {}
    for item in read_phantom(folder)[split]:
        specimens.setdefault(item["specimen"], []).append(item)
    for name, items in specimens.items():
        slices, strips, boxes = [], [], []
        for item in items:
            ct = read_ct(folder / item["ct"])
            with Image.open(folder / item["labels"]) as labels:
                implant = np.isin(np.asarray(labels), (METAL, PEEK))
            beside, box = without_and_with(ct, implant)
            slices.append(ct)
            strips += beside
            boxes += box
        plain, cropped, doubled = (_window(parts, name) for parts in (slices, strips, slices + boxes))
        yield {
            "specimen": name,
            "implant": of[name],
            "window": f"{plain.lo:.0f} to {plain.hi:.0f} ({plain.source})",
            "moved without, %": f"{moved(plain, cropped):.1f}",
            "moved with twice, %": f"{moved(plain, doubled):.1f}",
        }


def without_and_with(ct: Slice, implant: NDArray[np.bool_]) -> tuple[list[Slice], list[Slice]]:
    """The strips of a slice beside the box around its implant, and that box; nothing for a box where there is none."""
    rows, columns = np.nonzero(implant)
    if not rows.size:
        return [ct], []
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    beside = [ct[:top], ct[bottom:], ct[top:bottom, :left], ct[top:bottom, right:]]
    return [strip for strip in beside if min(strip.shape) >= NARROWEST], [ct[top:bottom, left:right]]


def moved(before: Choice, after: Choice) -> float:
    """How far the end of a window that moves furthest moves, per cent of its width."""
    return 100 * max(abs(after.lo - before.lo), abs(after.hi - before.hi)) / (before.hi - before.lo)


def _window(slices: list[Slice], name: str) -> Choice:
    padding = padding_of(slices)
    values = np.concatenate([padding.without(part).ravel() for part in slices])
    lower, upper = PERCENTILES
    # All parts, not twelve of them as of a data list: a slice was cut into four.
    facts = Facts(percentile_window(values, lower, upper, name), find_landmarks(slices, padding))
    return choose_window(facts, NO_TRAINING, name)
