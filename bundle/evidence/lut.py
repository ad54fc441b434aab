"""The command ``lut``: the best grey-to-colour lookup table, the baseline that a network has to beat.

A table gives every grey value one colour. It knows the windowed CT value of a pixel (of its Gaussian neighbourhood, if
the CT is smoothed before) and nothing of shape or texture.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import Dataset
from monai.transforms import Compose
from scipy.ndimage import gaussian_filter
from tqdm import tqdm

from scripts.data.datalist.split import load_datalist
from scripts.data.load import LoadPaird
from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.handlers.metrics import LPIPS, PSNR, SSIM, RegionMetricHandler, log_lpips_left_out
from scripts.handlers.metrics_csv import write_metrics_csv
from scripts.handlers.tissue import Tissue

Items = Dataset | Sequence[Mapping[str, Any]]  # loaded pairs, see `fit_lut`

SIGMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # pixels
BINS = 512  # of the windowed grey value; a phantom's slice has several hundred pixels in each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--dataset_dir", type=Path, required=True, help="folder with datalist.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables of metrics")
    parser.add_argument("--bins", type=int, default=BINS, help="entries of the table (default: %(default)s)")
    parser.add_argument("--lpips_weights", type=Path, help="AlexNet weights for LPIPS (default: torch's cache)")


def run(args: argparse.Namespace) -> int:
    """Fit on the training split, choose the smoothing on the validation split, evaluate on the test split.

    Raises:
        InputError: data that cannot be used, weights or bins that are none, or an output folder not writable.
    """
    if args.bins < 1:
        raise InputError(f"A lookup table cannot have {args.bins} bins: give --bins a positive number, {BINS} say.")
    training, validation, test = (load_pairs(args.dataset_dir, split) for split in ("training", "validation", "test"))
    sigma, table = choose_lut(training, validation, SIGMAS, args.bins)
    values = write_scores(args.out, test, table, sigma, args.lpips_weights)
    means = ", ".join(f"{name} {np.nanmean(column):.4f}" for name, column in values.items())
    print(f"Best lookup table: sigma {sigma:g} pixels; on {len(test)} test images {means}.")
    print(f"Tables written to {args.out}.")
    return 0


def load_pairs(dataset_dir: Path, split: str, with_labels: bool = False) -> Dataset:
    """A split as a data set of windowed pairs, read when they are asked for; on request with their tissues' classes."""
    load = LoadPaird(labels_key="labels" if with_labels else None)
    return Dataset(load_datalist(dataset_dir, split), Compose([load, WindowCTd("image")]))


def fit_lut(items: Iterable[Mapping[str, Any]], sigma: float, bins: int = BINS) -> np.ndarray:
    """Fit the table with the least squared error: the mean colour of every grey value.

    Args:
        items: pairs ``{"image": (1, H, W), "label": (3, H, W), "mask": (1, H, W) optional, 1 = use}``, all in [0, 1].
        sigma: standard deviation of the Gaussian that smooths the CT before, pixels.
        bins: entries of the table.

    Returns:
        (bins, 3) float64, colour of every bin of the grey value. Bins that no pixel fell into are interpolated.

    Raises:
        ValueError: no pixel to fit on.
    """
    counts, sums = np.zeros(bins), np.zeros((bins, 3))
    for item in items:
        index = _bin(item["image"], sigma, bins)
        label = np.asarray(item["label"], dtype=np.float64)
        use = np.asarray(item.get("mask", np.ones_like(label[:1])))[0] > 0
        counts += np.bincount(index[use], minlength=bins)
        for channel in range(3):
            sums[:, channel] += np.bincount(index[use], label[channel][use], minlength=bins)
    seen = np.flatnonzero(counts)
    if seen.size == 0:
        raise ValueError("there is no pixel to fit a lookup table on")
    means = sums[seen] / counts[seen, None]
    return np.stack([np.interp(np.arange(bins), seen, means[:, channel]) for channel in range(3)], axis=1)


def apply_lut(image: Any, table: np.ndarray, sigma: float) -> np.ndarray:
    """Colour a CT slice.

    Args:
        image: windowed CT (1, H, W) in [0, 1].
        table: (bins, 3), see `fit_lut`.
        sigma: the smoothing it was fitted with, pixels.

    Returns:
        (3, H, W) float32 in [0, 1].
    """
    return table.astype(np.float32)[_bin(image, sigma, len(table))].transpose(2, 0, 1)


def choose_lut(
    training: Items,
    validation: Items,
    sigmas: Sequence[float] = SIGMAS,
    bins: int = BINS,
) -> tuple[float, np.ndarray]:
    """Fit a table for every smoothing and take the one with the best mean PSNR on validation pairs.

    Returns:
        The smoothing (standard deviation, pixels) and its table, see `fit_lut`.
    """
    tables: list[tuple[float, float, np.ndarray]] = []
    for sigma in tqdm(sigmas, desc="lookup tables", unit="table"):
        table = fit_lut((training[index] for index in range(len(training))), sigma, bins)
        score = statistics.fmean(_evaluate(validation, table, sigma, {"psnr": PSNR()})["psnr"])
        tables.append((score, sigma, table))
    _, sigma, table = max(tables, key=lambda entry: entry[0])
    return sigma, table


def evaluate_lut(
    items: Items,
    table: np.ndarray,
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
    table: np.ndarray,
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
    table: np.ndarray,
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
    values = {name: handler.metric_fn.get_buffer().flatten().tolist() for name, handler in handlers.items()}
    return values | {name: [row[name] for row in of_tissues] for name in (of_tissues[0] if of_tissues else ())}


def _bin(image: Any, sigma: float, bins: int) -> np.ndarray:
    """The table's entry (H, W) for every pixel; grey value 1 falls into the last."""
    ct = gaussian_filter(np.asarray(image, dtype=np.float32)[0], sigma)
    return np.clip((ct * bins).astype(np.intp), 0, bins - 1)
