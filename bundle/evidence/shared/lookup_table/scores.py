"""How well a lookup table stains, by the metrics of the bundle's evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from monai.data.dataset import Dataset
from numpy.typing import NDArray

from scripts.handlers.metrics import LPIPS, PSNR, SSIM, RegionMetricHandler, log_lpips_left_out
from scripts.handlers.metrics_csv import write_metrics_csv
from scripts.handlers.tissue import Tissue
from scripts.lookup_table.choice import Items, score_lut


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
    return score_lut(items, table, sigma, handlers, Tissue(tissue_classifier))


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
