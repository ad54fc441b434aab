"""What the scans of a training are, noted in its generator: so inference can say how another scan differs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts.data.datalist.declared import Declared, declared
from scripts.data.landmarks.training import landmarks_in_window
from scripts.data.window import common_window
from scripts.data.window_choice import TRAINED
from scripts.engines.specimen import slices_of_specimen
from scripts.fit.describe import describe_scan
from scripts.networks import KeepsWindowing
from scripts.networks.trained_on import Pair, TrainedOn

DIGITS = 4  # significant ones that travel with the weights

Items = Sequence[Mapping[str, Any]]


def note_training_scans(
    network: KeepsWindowing,
    items: Items,
    percentiles: Sequence[float],
    dataset_dir: str | os.PathLike[str] | None = None,
    working_um: float | None = None,
) -> None:
    """Write into a generator how its training CT is windowed, so that inference does the same, and what it is like.

    A common window is noted if the data list gave it, or if it is that of the initial weights: one that was found in a
    specimen or its scan is no scale.

    Args:
        network: the generator.
        items: of the training, as of `load_datalist`.
        percentiles: lower and upper one, which find the window of any other scan.
        dataset_dir: folder of the data list, which may name materials; None: nothing is known of them.
        working_um: edge of the pixels that the network works at, None where it is not known.

    Raises:
        InputError: a slice that cannot be read; a material that is no text.
    """
    is_scale = all(item["window_given"] or item.get("window_source") == TRAINED for item in items)
    network.set_windowing(common_window(items) if is_scale else None, percentiles)
    said = Declared((), None) if dataset_dir is None else declared(Path(dataset_dir), "training")
    network.trained_on = describe_training(items, said, working_um)


def describe_training(items: Items, said: Declared, working_um: float | None) -> TrainedOn:
    """Measure a few slices of each specimen, on the network's grid and in their window.

    Args:
        items: as of `load_datalist`.
        said: what the data list says of them.
        working_um: edge of the pixels that the network works at, None where it is not known.

    Raises:
        InputError: a slice cannot be read.
    """
    specimens = list(dict.fromkeys(item["specimen"] for item in items))
    scans = [describe_scan(slices_of_specimen(items, specimen, working_um)) for specimen in specimens]
    landmarks = landmarks_in_window(items)
    histograms = [scan.histogram for scan in scans if scan.histogram]
    return TrainedOn(
        pixel_um=working_um,
        landmarks=None if landmarks is None else _short(*landmarks),
        histogram=tuple(np.mean(histograms, axis=0).round(2).tolist()) if histograms else (),
        noise=_ends([scan.noise for scan in scans]),
        sharpness=_ends([scan.sharpness for scan in scans]),
        materials=said.materials,
        specimens=len(specimens),
        pairs=len(items),
        synthetic=said.synthetic,
    )


def _ends(values: Sequence[float | None]) -> Pair | None:
    known = [value for value in values if value is not None]
    return _short(min(known), max(known)) if known else None


def _short(one: float, other: float) -> Pair:
    return float(f"{one:.{DIGITS}g}"), float(f"{other:.{DIGITS}g}")
