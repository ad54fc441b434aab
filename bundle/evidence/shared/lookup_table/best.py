"""The best lookup table for a data set, and how well it stains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from bundle.evidence.shared.defaults import BINS
from bundle.evidence.shared.lookup_table.scores import write_scores
from bundle.shared.windowed_pairs import load_pairs, training_size
from scripts.errors import InputError
from scripts.lookup_table.choice import SIGMAS, choose_lut


def evaluate_best_table(dataset_dir: Path, out: Path, bins: int = BINS, lpips_weights: Path | None = None) -> None:
    """Fit on the training split, choose the smoothing on the validation split, evaluate on the test split, and say so.

    Args:
        dataset_dir: folder with ``datalist.json``.
        out: folder for the tables of metrics.
        bins: entries of the table.
        lpips_weights: AlexNet weights for LPIPS, None for those in torch's cache.

    Raises:
        InputError: data that cannot be used, weights or bins that are none, or an output folder not writable.
    """
    if bins < 1:
        raise InputError(f"A lookup table cannot have {bins} bins: give --bins a positive number, {BINS} say.")
    size = training_size(dataset_dir)
    training, validation, test = (
        load_pairs(dataset_dir, split, working_um=size) for split in ("training", "validation", "test")
    )
    sigma, table = choose_lut(training, validation, tqdm(SIGMAS, desc="lookup tables", unit="table"), bins)
    values = write_scores(out, test, table, sigma, lpips_weights)
    means = ", ".join(f"{name} {np.nanmean(column):.4f}" for name, column in values.items())
    print(f"Best lookup table: sigma {sigma:g} pixels; on {len(test)} test images {means}.")
    print(f"Tables written to {out}.")
