"""The windows that a scan may be given."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scripts.data.given_window import EXPORT, LANDMARKS, PERCENTILES, PRESETS
from scripts.data.landmarks.find import Search, find_landmarks
from scripts.data.padding import find_padding
from scripts.data.window import percentile_window
from scripts.data.window_choice import (
    STANDARD,
    TRAINED,
    Choice,
    Facts,
    Window,
    choose_window,
    from_landmarks,
    training_of,
)
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import sample_volume


class Proposal(NamedTuple):
    """A window and what it is called."""

    name: str
    window: Window


class Look(NamedTuple):
    """What is seen in a scan.

    Attributes:
        name: of the scan.
        values: grey values without padding, one-dimensional.
        middle: the middle slice, (rows, columns).
        search: for landmarks.
        proposals: the windows that may be chosen.
        choice: the one that staining takes.
    """

    name: str
    values: NDArray[Any]
    middle: NDArray[Any]
    search: Search
    proposals: list[Proposal]
    choice: Choice


def look_at(volume: Volume, network: Any) -> Look:
    """Look for landmarks, and find the window by each way.

    Args:
        volume: open.
        network: whose training's windows count, a `KeepsWindowing`.

    Raises:
        InputError: damaged slices; a constant volume; nothing but NaN and infinity.
    """
    sample = sample_volume(volume)
    padding = find_padding(sample.values, sample.corners)
    values = padding.without(sample.values)
    lower, upper = network.percentiles
    robust = percentile_window(values, lower, upper, volume.source)
    search, training = find_landmarks(sample.parts, padding), training_of(network)
    choice = choose_window(Facts(robust, search), training, volume.source)
    proposals = []
    if search.landmarks is not None:
        proposals.append(Proposal(LANDMARKS, from_landmarks(search.landmarks, training.landmarks or STANDARD)))
    if training.window is not None:
        proposals.append(Proposal(TRAINED, training.window))
    for word in (PERCENTILES, EXPORT):
        low, high = PRESETS[word] or (lower, upper)
        proposals.append(Proposal(word, percentile_window(values, low, high, volume.source)))
    half = volume.shape[0] // 2
    middle = np.asarray(volume.read(half, half + 1)[0])
    return Look(volume.name, values, middle, search, proposals, choice)
