"""How well a lookup table stains: the choice of its smoothing, and the metrics of the bundle's evaluation."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data.dataset import Dataset
from numpy.typing import NDArray
from tqdm import tqdm

from bundle.evidence.shared.defaults import BINS
from bundle.evidence.shared.lookup_table.table import apply_lut, fit_lut
from scripts.handlers.metrics import LPIPS, PSNR, SSIM, RegionMetricHandler, log_lpips_left_out
from scripts.handlers.metrics_csv import write_metrics_csv
from scripts.handlers.tissue import Tissue

Items = Dataset | Sequence[Mapping[str, Any]]  # loaded pairs, see `fit_lut`

SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # pixels


def choose_lut(
    training: Items,
    validation: Items,
    sigmas: Sequence[float] = SIGMAS,
    bins: int = BINS,
) -> tuple[float, NDArray[np.float64]]:
    """Fit a table for every smoothing and take the one with the best mean PSNR on validation pairs.

    Returns:
        The smoothing (standard deviation, pixels) and its table, see `fit_lut`.
    """
    tables: list[tuple[float, float, NDArray[np.float64]]] = []
    for sigma in tqdm(sigmas, desc="lookup tables", unit="table"):
        table = fit_lut((training[index] for index in range(len(training))), sigma, bins)
        score = statistics.fmean(_evaluate(validation, table, sigma, {"psnr": PSNR()})["psnr"])
        tables.append((score, sigma, table))
    _, sigma, table = max(tables, key=lambda entry: entry[0])
    return sigma, table


def evaluate_lut(
    items: Items,
    table: NDArray[np.float64],
    sigma: float,
    lpips_weights: Path | None = None,
    tissue_classifier: str | None = None,
) -> dict[str, list[float]]:
    """Compute the metrics that the bundle's evaluation computes, with the same names.

    Returns:
        Per metric the value of every item; without LPIPS (and a line in the log) where its weights are not available.
    """
    handlers: dict[str, RegionMetricHandler] = {}
    for suffix, foreground in (("", False), ("_foreground", True)):
        handlers[f"psnr{suffix}"] = PSNR(foreground=foreground)
        handlers[f"ssim{suffix}"] = SSIM(foreground=foreground)
        lpips = LPIPS(lpips_weights, foreground=foreground)
        if lpips.weights is None:
            log_lpips_left_out()
        else:
            handlers[f"lpips{suffix}"] = lpips
    return _evaluate(items, table, sigma, handlers, Tissue(tissue_classifier))


def write_scores(
    folder: Path,
    pairs: Dataset,
    table: NDArray[np.float64],
    sigma: float,
    lpips_weights: Path | None = None,
    tissue_classifier: str | None = None,
) -> dict[str, list[float]]:
    """Write the tables that the bundle's evaluation writes, and return what `evaluate_lut` does.

    Raises:
        InputError: the folder cannot be written to.
    """
    values = evaluate_lut(pairs, table, sigma, lpips_weights, tissue_classifier)
    images = [Path(item["image"]).name for item in pairs.data]
    write_metrics_csv(folder, images, [item["specimen"] for item in pairs.data], values)
    return values


def _evaluate(
    items: Items,
    table: NDArray[np.float64],
    sigma: float,
    handlers: Mapping[str, RegionMetricHandler],
    tissue: Tissue | None = None,
) -> dict[str, list[float]]:
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
