"""The command ``train``: the workflow of ``configs/train.yaml``."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.workflows.typed import NAMES, add_common, path_text, run_typed

__all__ = ["NAMES", "add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", help="folder with datalist.json")
    parser.add_argument("--out", required=True, help="folder for model.pt, checkpoint.pt, history and previews")
    parser.add_argument("--epochs", type=int, help="how long (default: 120)")
    parser.add_argument("--seed", type=int, help="of everything random (default: 0)")
    parser.add_argument("--resume", action="store_true", help="continue exactly where OUT/checkpoint.pt ended")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Train, and say where the weights are.

    Raises:
        InputError: what the workflow refuses.
    """
    out = Path(path_text(args.out))
    options = {
        "dataset_dir": path_text(args.data),
        "output_dir": out,
        "train#trainer#max_epochs": args.epochs,
        "seed": args.seed,
        "resume": args.resume,
        "device": args.device,
    }
    run_typed("training", options, args.overlay, args.set)
    return _say(out / "model.pt")


def _say(weights: Path) -> int:
    """Name the result; a training that left none has not succeeded, whatever it said."""
    from scripts.errors import InputError

    if not weights.is_file():
        raise InputError(f"The training ended without {weights}: see what it printed above.")
    print(f"weights in {weights}")
    return 0
