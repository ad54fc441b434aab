"""What the scans of a training are, noted in its generator: so inference can say how another scan differs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.datalist.declared import Declared, declared
from scripts.data.datalist.working_size import is_resampled, working_size_of
from scripts.data.image.read import read_ct
from scripts.data.padding import NO_PADDING
from scripts.data.resample import resize_ct, resize_mask
from scripts.data.window import common_window, window
from scripts.fit.describe import describe_scan
from scripts.networks import KeepsWindowing
from scripts.networks.trained_on import Pair, TrainedOn

LOOKED_AT = 4  # slices of a specimen that are measured, evenly spread
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

    A common window is noted if the data list gave it: one that was found in a specimen or its scan is no scale.

    Args:
        network: the generator.
        items: of the training, as of `load_datalist`.
        percentiles: lower and upper one, which find the window of any other scan.
        dataset_dir: folder of the data list, which may name materials; None: nothing is known of them.
        working_um: edge of the pixels that the network works at, None where it is not known.

    Raises:
        InputError: a slice that cannot be read; a material that is no text.
    """
    given = all(item["window_given"] for item in items)
    network.set_windowing(common_window(items) if given else None, percentiles)
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
    scans = []
    for specimen in specimens:
        slices = [item for item in items if item["specimen"] == specimen]
        places = np.unique(np.linspace(0, len(slices) - 1, min(LOOKED_AT, len(slices))).round().astype(int))
        scans.append(describe_scan([slice_of_item(slices[place], working_um) for place in places]))
    histograms = [scan.histogram for scan in scans if scan.histogram]
    return TrainedOn(
        pixel_um=working_um,
        histogram=tuple(np.mean(histograms, axis=0).round(2).tolist()) if histograms else (),
        noise=_ends([scan.noise for scan in scans]),
        sharpness=_ends([scan.sharpness for scan in scans]),
        materials=said.materials,
        specimens=len(specimens),
        pairs=len(items),
        synthetic=said.synthetic,
    )


def slice_of_item(item: Mapping[str, Any], working_um: float | None) -> NDArray[np.float32]:
    """The CT of a pair as a network sees it, (H, W) in [0, 1], and NaN where it is padding.

    Args:
        item: as of `load_datalist`.
        working_um: edge of the network's pixels; None: the pair's own are taken.

    Raises:
        InputError: it cannot be read.
    """
    lo, hi = item["ct_window"]
    values = read_ct(item["image"])
    padded = item.get("padding", NO_PADDING).where(values)
    if padded is not None:
        values[padded] = lo
    seen = window(values, lo, hi)
    blank = np.zeros(seen.shape, bool) if padded is None else padded
    if is_resampled(item, working_um):
        rows, columns = working_size_of(item, working_um)
        blank = resize_mask(1 - blank.astype(np.float32), (rows, columns)) < 1
        seen = np.clip(resize_ct(seen, (rows, columns)), 0, 1)
    return np.where(blank, np.float32(np.nan), seen)


def _ends(values: Sequence[float | None]) -> Pair | None:
    known = [value for value in values if value is not None]
    return (float(f"{min(known):.{DIGITS}g}"), float(f"{max(known):.{DIGITS}g}")) if known else None
