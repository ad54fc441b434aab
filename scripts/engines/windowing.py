"""How the CT of a training is windowed, noted in its generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.data.window import common_window
from scripts.networks import KeepsWindowing


def note_windowing(network: KeepsWindowing, items: Sequence[Mapping[str, Any]], percentiles: Sequence[float]) -> None:
    """Write into a generator how its training CT is windowed, so that inference does the same.

    A common window is noted if the data list gave it: one that was found in a specimen or its scan is no scale.

    Args:
        network: the generator.
        items: of the training, as of `load_datalist`.
        percentiles: lower and upper one, which find the window of any other scan.
    """
    given = all(item["window_given"] for item in items)
    network.set_windowing(common_window(items) if given else None, percentiles)
