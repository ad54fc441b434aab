"""The lookup table among the recipes: fitted and evaluated once, in the folder of a benchmark."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.evidence.shared.cell.digests import data_digest
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.kept import once, scored
from bundle.evidence.shared.defaults import LOOKUP_TABLE
from bundle.evidence.shared.lookup_table.scores import write_scores
from bundle.shared.windowed_pairs import load_pairs, training_size
from scripts.errors import InputError
from scripts.lookup_table.choice import choose_lut
from scripts.lookup_table.table import apply_lut

TABLE = "table.npz"


def lookup_table_result(dataset_dir: str, budget: str, evaluation: Evaluation, out: Path) -> dict[str, Any]:
    """Fit and evaluate the lookup table, unless that is done already: one fit serves beside trainings of any length.

    Args:
        dataset_dir: with ``datalist.json``.
        budget: of the trainings that it is compared with.
        evaluation: what to evaluate on.
        out: folder of all results.

    Returns:
        What `result_of` returns, but for the code and with a cell whose seed is None.

    Raises:
        InputError: the data cannot be used; the folder holds the table of other data.
    """
    folder, data = out / LOOKUP_TABLE, Path(dataset_dir)
    digest = data_digest(dataset_dir)
    known = once(folder / "training.json", lambda: fit(data, folder) | {"data": digest})
    if (known["dataset_dir"], known["data"]) != (dataset_dir, digest):
        raise InputError(f"{folder} holds the table of {known['dataset_dir']}: give another --out.")
    cell = {"recipe": LOOKUP_TABLE, "seed": None, "steps": None, "budget": budget}
    return {"cell": cell} | known | scored(folder, evaluation, lambda: evaluate(data, evaluation, folder))


def fit(dataset_dir: Path, folder: Path) -> dict[str, Any]:
    """Fit a table on the training specimens, choose its smoothing on the validation specimens, and write it.

    Args:
        dataset_dir: with ``datalist.json``.
        folder: where to write ``table.npz``.

    Returns:
        ``dataset_dir``, ``seconds`` and ``cpu_seconds``.
    """
    begun, cpu = time.monotonic(), time.process_time()
    size = training_size(dataset_dir)
    training, validation = (load_pairs(dataset_dir, split, working_um=size) for split in ("training", "validation"))
    sigma, table = choose_lut(training, validation)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / TABLE, sigma=sigma, table=table)
    return {
        "dataset_dir": str(dataset_dir),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }


def evaluate(fitted_on: Path, evaluation: Evaluation, folder: Path) -> None:
    """Evaluate the table of `folder`, and write its metrics into a folder in it that is named after the evaluation."""
    sigma, table = read_table(folder)
    classifier = evaluation.tissue_classifier
    dataset_dir = Path(evaluation.dataset_dir or fitted_on)
    size = training_size(fitted_on)
    pairs = load_pairs(dataset_dir, evaluation.split, with_labels=classifier is not None, working_um=size)
    write_scores(folder / evaluation.name, pairs, table, sigma, tissue_classifier=classifier)


def colour(ct: NDArray[np.float32], folder: Path) -> NDArray[np.float32]:
    """Colour a windowed slice (1, H, W) in [0, 1] by the table of `folder`, as (3, H, W) in [0, 1]."""
    sigma, table = read_table(folder)
    return apply_lut(ct, table, sigma)


def read_table(folder: Path) -> tuple[float, NDArray[np.float64]]:
    """Smoothing (standard deviation, pixels) and table (bins, 3)."""
    with np.load(folder / TABLE) as file:
        return float(file["sigma"]), file["table"]
