"""Where the landmarks of a training's scans lie in their windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scripts.data.image.read import read_ct
from scripts.data.landmarks.find import Landmarks, find_landmarks
from scripts.data.padding import NO_PADDING

LOOKED_AT = 4  # slices of a specimen


def landmarks_in_window(items: Sequence[Mapping[str, Any]]) -> tuple[float, float] | None:
    """The mean position of background and mineral mode in the specimens' windows.

    Args:
        items: of the training, as of `load_datalist`.

    Returns:
        (background, mineral), 0 for the low end of the window and 1 for its high end; None where no specimen has
        landmarks.

    Raises:
        InputError: a slice cannot be read.
    """
    positions = []
    for specimen in dict.fromkeys(item["specimen"] for item in items):
        slices = [item for item in items if item["specimen"] == specimen]
        looked_at = slices[:: -(-len(slices) // LOOKED_AT)]
        padding = slices[0].get("padding", NO_PADDING)
        found = find_landmarks([read_ct(item["image"]) for item in looked_at], padding).landmarks
        if found is not None:
            positions.append(in_window(found, slices[0]["ct_window"]))
    if not positions:
        return None
    background, mineral = np.mean(positions, axis=0)
    return float(background), float(mineral)


def in_window(landmarks: Landmarks, window: Sequence[float]) -> tuple[float, float]:
    """The positions of landmarks in a window (lo, hi), 0 for its low end and 1 for its high one."""
    lo, hi = window
    return (landmarks.background - lo) / (hi - lo), (landmarks.mineral - lo) / (hi - lo)
