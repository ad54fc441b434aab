"""The command ``evaluate``: the workflow of ``configs/evaluate.yaml``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import SHIPPED
from bundle.workflows.typed import NAMES, add_common, path_text, run_typed

__all__ = ["KIND", "NAMES", "add_arguments", "run"]

KIND = "evaluating"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", type=path_text, metavar="DATA", help="folder with datalist.json")
    parser.add_argument("--out", type=path_text, required=True, help="folder for the tables of metrics and the preview")
    parser.add_argument("--checkpoint", type=path_text, default=SHIPPED, help="model.pt or checkpoint.pt of a training")
    parser.add_argument("--split", help="training, validation or test (default: test)")
    parser.add_argument(
        "--tissue_classifier", type=path_text, help="file of the command tissue: score single tissues as well"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an evaluation of other weights or data")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate, and say where the tables are.

    Raises:
        InputError: what the workflow refuses.
    """
    from bundle.workflows.results import Results
    from scripts.handlers.metrics_csv import SUMMARY

    summary = Path(args.out) / SUMMARY
    options = {
        "dataset_dir": args.data,
        "output_dir": args.out,
        "checkpoint": args.checkpoint,
        "split": args.split,
        "tissue_classifier": args.tissue_classifier,
        "overwrite": args.overwrite,
        "device": args.device,
    }
    results = Results([summary])
    run_typed(KIND, options, args.overlay, args.set)
    results.require("evaluation")
    print(f"means in {summary}")
    return 0
