"""Pairs of a data set as the networks see them, read when they are asked for."""

from __future__ import annotations

from pathlib import Path

from monai.data.dataset import Dataset
from monai.transforms.compose import Compose

from scripts.data.datalist.split import load_datalist
from scripts.data.load import LoadPaird
from scripts.data.window import WindowCTd


def load_pairs(dataset_dir: Path, split: str, with_labels: bool = False) -> Dataset:
    """The pairs of a split, windowed.

    Args:
        dataset_dir: folder with ``datalist.json``.
        split: "training", "validation" or "test".
        with_labels: read the classes of the tissues, too.

    Returns:
        Items with ``image`` (1, H, W), ``label`` (3, H, W), both in [0, 1], ``mask`` (1, H, W) where 1 is to be used,
        ``specimen``, and on request ``labels`` (1, H, W).

    Raises:
        InputError: the data list cannot be used, or has no such split.
    """
    load = LoadPaird(labels_key="labels" if with_labels else None)
    return Dataset(load_datalist(dataset_dir, split), Compose([load, WindowCTd("image")]))
