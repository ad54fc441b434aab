"""The lookup table among the recipes: what a network has to beat."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from bundle.evidence.lut import apply_lut, choose_lut, load_pairs, write_scores

RECIPE = "lut"
TABLE = "table.npz"


def fit(dataset_dir: Path, folder: Path) -> dict[str, Any]:
    """Fit a table on the training specimens, choose its smoothing on the validation specimens, and write it.

    Args:
        dataset_dir: with ``datalist.json``.
        folder: where to write ``table.npz``.

    Returns:
        ``dataset_dir``, ``seconds`` and ``cpu_seconds``.
    """
    begun, cpu = time.monotonic(), time.process_time()
    sigma, table = choose_lut(load_pairs(dataset_dir, "training"), load_pairs(dataset_dir, "validation"))
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / TABLE, sigma=sigma, table=table)
    return {
        "dataset_dir": str(dataset_dir),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }


def evaluate(dataset_dir: Path, split: str, folder: Path, name: str, tissue_classifier: str | None = None) -> None:
    """Evaluate the table of `folder` and write its metrics into a folder in it, called `name`."""
    sigma, table = read_table(folder)
    pairs = load_pairs(dataset_dir, split, with_labels=tissue_classifier is not None)
    write_scores(folder / name, pairs, table, sigma, tissue_classifier=tissue_classifier)


def colour(ct: np.ndarray, folder: Path) -> np.ndarray:
    """Colour a windowed slice (1, H, W) in [0, 1] by the table of `folder`, as (3, H, W) in [0, 1]."""
    sigma, table = read_table(folder)
    return apply_lut(ct, table, sigma)


def read_table(folder: Path) -> tuple[float, np.ndarray]:
    """Smoothing (standard deviation, pixels) and table (bins, 3)."""
    with np.load(folder / TABLE) as file:
        return float(file["sigma"]), file["table"]
