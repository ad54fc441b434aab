"""How well a lookup table stains, and the choice of its smoothing by that."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
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
    """Compute metrics of what a table makes of the CT of pairs.

    Args:
        items: the pairs.
        table: see `fit_lut`.
        sigma: the smoothing that it was fitted with, pixels.
        handlers: of the metrics, by their names.
        tissue: compares the tissues, too.

    Returns:
        Per metric the value of every item.
    """
    of_tissues: list[dict[str, float]] = []
    for index in range(len(items)):
        item = items[index]
        pred = torch.from_numpy(apply_lut(item["image"], table, sigma))
        label = torch.as_tensor(item["label"])
        mask = torch.as_tensor(item["mask"]) if "mask" in item else None
        for handler in handlers.values():
            handler.update(([pred], [label], [mask]))
        if tissue is not None and tissue.classifier is not None:
            of_tissues.append(tissue.compare(pred, label, item))
    metrics: dict[str, Any] = {name: handler.metric_fn for name, handler in handlers.items()}
    values = {name: metric.get_buffer().flatten().tolist() for name, metric in metrics.items()}
    return values | {name: [row[name] for row in of_tissues] for name in (of_tissues[0] if of_tissues else ())}
