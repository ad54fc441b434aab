"""The command ``evaluate``: the workflow of ``configs/evaluate.yaml``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import SHIPPED
from bundle.workflows.typed import NAMES, add_common, path_text, run_typed

__all__ = ["NAMES", "add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", help="folder with datalist.json")
    parser.add_argument("--out", required=True, help="folder for the tables of metrics and the preview")
    parser.add_argument("--checkpoint", default=SHIPPED, help="model.pt or checkpoint.pt of a training")
    parser.add_argument("--split", help="training, validation or test (default: test)")
    parser.add_argument("--tissue_classifier", help="file of the command tissue: score single tissues as well")
    parser.add_argument("--overwrite", action="store_true", help="replace an evaluation of other weights or data")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate, and say where the tables are.

    Raises:
        InputError: what the workflow refuses.
    """
    from scripts.errors import InputError
    from scripts.handlers.metrics_csv import SUMMARY

    out = Path(path_text(args.out))
    classifier = args.tissue_classifier
    options = {
        "dataset_dir": path_text(args.data),
        "output_dir": out,
        "checkpoint": path_text(args.checkpoint),
        "split": args.split,
        "tissue_classifier": None if classifier is None else path_text(classifier),
        "overwrite": args.overwrite,
        "device": args.device,
    }
    run_typed("evaluating", options, args.overlay, args.set)
    if not (out / SUMMARY).is_file():
        raise InputError(f"The evaluation ended without {out / SUMMARY}: see what it printed above.")
    print(f"means in {out / SUMMARY}")
    return 0
