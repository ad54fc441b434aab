"""Pairs of a data set as the networks see them, read when they are asked for."""

from __future__ import annotations

from pathlib import Path

from monai.data.dataset import Dataset
from monai.transforms.compose import Compose

from scripts.data.datalist.split import load_datalist
from scripts.data.datalist.working_size import check_working_sizes, working_size
from scripts.data.load import LoadPaird
from scripts.data.window import WindowCTd
from scripts.data.working_sized import ToWorkingSized


def load_pairs(dataset_dir: Path, split: str, with_labels: bool = False, working_um: float | None = None) -> Dataset:
    """The pairs of a split, windowed, at one pixel size.

    Args:
        dataset_dir: folder with ``datalist.json``.
        split: "training", "validation" or "test".
        with_labels: read the classes of the tissues, too.
        working_um: pixel size that pairs are resampled to, micrometres, such as that which a network works at; None:
            they stay as they are.

    Returns:
        Items with ``image`` (1, H, W), ``label`` (3, H, W), both in [0, 1], ``mask`` (1, H, W) where 1 is to be used,
        ``specimen``, and on request ``labels`` (1, H, W).

    Raises:
        InputError: the data list cannot be used, or has no such split; an image is too small or too large at that size.
    """
    load = LoadPaird(labels_key="labels" if with_labels else None)
    items = load_datalist(dataset_dir, split)
    check_working_sizes(items, working_um)
    return Dataset(items, Compose([load, ToWorkingSized(working_um), WindowCTd("image")]))


def training_size(dataset_dir: Path) -> float | None:
    """Pixel size that a training on these data works at by default, micrometres; None where nobody says.

    Raises:
        InputError: the data list cannot be used, or has no training split.
    """
    return working_size(load_datalist(dataset_dir, "training"))
