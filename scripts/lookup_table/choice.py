"""How well a lookup table, or any other stain, fits the sections, and the choice of the table's smoothing by that."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from monai.data import Dataset
from numpy.typing import NDArray

from scripts.handlers.metrics import PSNR, RegionMetricHandler
from scripts.handlers.tissue import Tissue
from scripts.lookup_table.table import BINS, apply_lut, fit_lut

Items = Dataset | Sequence[Mapping[str, Any]]  # loaded pairs, see `fit_lut`

SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # pixels


def choose_lut(
    training: Items,
    validation: Items,
    sigmas: Iterable[float] = SIGMAS,
    bins: int = BINS,
) -> tuple[float, NDArray[np.float64]]:
    """Fit a table for every smoothing and take the one with the best mean PSNR on validation pairs.

    Returns:
        The smoothing (standard deviation, pixels) and its table, see `fit_lut`.
    """
    tables: list[tuple[float, float, NDArray[np.float64]]] = []
    for sigma in sigmas:
        table = fit_lut((training[index] for index in range(len(training))), sigma, bins)
        score = statistics.fmean(score_lut(validation, table, sigma, {"psnr": PSNR()})["psnr"])
        tables.append((score, sigma, table))
    _, sigma, table = max(tables, key=lambda entry: entry[0])
    return sigma, table


def score_lut(
    items: Items,
    table: NDArray[np.float64],
    sigma: float,
    handlers: Mapping[str, RegionMetricHandler],
    tissue: Tissue | None = None,
) -> dict[str, list[float]]:
    """Compute metrics of what a table makes of the CT of pairs; see `score_stains` for the arguments and the result."""
    return score_stains(items, lambda item: torch.from_numpy(apply_lut(item["image"], table, sigma)), handlers, tissue)


def score_stains(
    items: Items,
    stain: Callable[[Mapping[str, Any]], torch.Tensor],
    handlers: Mapping[str, RegionMetricHandler],
    tissue: Tissue | None = None,
) -> dict[str, list[float]]:
    """Compute metrics of the stains of pairs, in this process alone, whatever other processes do.

    Args:
        items: the pairs.
        stain: makes a stain (3, H, W) in [0, 1] of a pair's CT.
        handlers: of the metrics, by their names.
        tissue: compares the tissues, too.

    Returns:
        Per metric the value of every pair.
    """
    rows: list[dict[str, float]] = []
    for index in range(len(items)):
        item = items[index]
        pred, label = stain(item), torch.as_tensor(item["label"])
        mask = torch.as_tensor(item["mask"]) if "mask" in item else None
        row = {name: handler.measure(pred, label, mask).item() for name, handler in handlers.items()}
        if tissue is not None and tissue.classifier is not None:
            row |= tissue.compare(pred, label, item)
        rows.append(row)
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else handlers)}
