"""Whether new weights are better than those that are served, on the pairs that trained neither."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from pathlib import Path

from .refusal import Refusal
from .weights import replace_weights
from .workflow import run_workflow

logger = logging.getLogger(__name__)

SSIM, PSNR = "ssim", "psnr"
UNFIT = ("another architecture", "is an ensemble")  # of what the bundle says of weights that it cannot go on from


def train(bundle: Path, words: Sequence[str], served: Path) -> bool:
    """Train from the weights that are served, from random ones where those are of another network or missing.

    Args:
        bundle: its folder.
        words: options of the training.
        served: ``model.pt`` of the bundle.

    Returns:
        Whether it went on from the served weights.

    Raises:
        Refusal: see `run_workflow`.
    """
    if served.is_file():
        try:
            run_workflow(bundle, "training", [*words, "--initial_weights", str(served)])
        except Refusal as refusal:
            if not any(words in str(refusal) for words in UNFIT):
                raise
            logger.warning("The training cannot go on from the served weights and begins with random ones. %s", refusal)
        else:
            return True
    run_workflow(bundle, "training", words)
    return False


def serve_the_better(bundle: Path, folder: Path, served: Path, words: Sequence[str] = ()) -> str:
    """Score new and served weights on the validation pairs, and put the new ones in place if their SSIM is higher.

    Args:
        bundle: its folder.
        folder: of the training, with ``datalist.json`` and ``model.pt``.
        served: ``model.pt`` of the bundle.
        words: options of the evaluation.

    Returns:
        Both scores and what was done, in words.

    Raises:
        Refusal: see `run_workflow`.
    """
    new = folder / "model.pt"
    if not served.is_file():
        replace_weights(new, served)
        return "The weights are in place: there were none before."
    after, before = (_scores(bundle, folder, path, name, words) for path, name in ((new, "new"), (served, "served")))
    both = f"On the held-out pairs the new weights have {_in_words(after)}, the served ones {_in_words(before)}"
    if after[SSIM] > before[SSIM]:
        replace_weights(new, served)
        return f"{both}: the new weights are in place."
    return f"{both}: the served ones stay. The new ones are {new}."


def _scores(bundle: Path, folder: Path, weights: Path, name: str, words: Sequence[str]) -> dict[str, float]:
    out = folder / f"evaluation_{name}"
    options = ["--dataset_dir", str(folder), "--output_dir", str(out), "--checkpoint", str(weights)]
    run_workflow(bundle, "evaluating", [*options, "--split", "validation", *words])
    with (out / "metrics_summary.csv").open(encoding="utf-8", newline="") as file:
        return {row["metric"]: float(row["mean"]) for row in csv.DictReader(file)}


def _in_words(scores: dict[str, float]) -> str:
    return f"SSIM {scores[SSIM]:.3f} and PSNR {scores[PSNR]:.2f} dB"
