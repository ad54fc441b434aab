"""The command ``train``: the workflow of ``configs/train.yaml``."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from bundle.shared.our_words import program
from bundle.workflows.training_log import in_the_words_of
from bundle.workflows.typed import NAMES, add_common, path_text, run_typed

__all__ = ["KIND", "NAMES", "add_arguments", "interrupted", "run"]

KIND = "training"
CHECKPOINT = "checkpoint.pt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", type=path_text, metavar="DATA", help="folder with datalist.json")
    parser.add_argument(
        "--out",
        type=path_text,
        required=True,
        help="folder for report.html, model.pt, checkpoint.pt, history and previews",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=int, help="how long (default: 120; with --initial_weights 30)")
    length.add_argument("--minutes", type=float, help="how long: as many epochs as fit into it on this machine")
    parser.add_argument(
        "--initial_weights",
        type=path_text,
        metavar="FILE",
        help="go on from an earlier training's model.pt or checkpoint.pt, such as models/model.pt (fine-tuning)",
    )
    parser.add_argument("--seed", type=int, help="of everything random (default: 0)")
    parser.add_argument("--resume", action="store_true", help="continue exactly where OUT/checkpoint.pt ended")
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """Train, and say where the weights are, and what to do with them.

    Raises:
        InputError: what the workflow refuses.
    """
    from bundle.workflows.results import Results
    from scripts.weights.checkpoint import previous_of

    weights, checkpoint = (Path(args.out) / name for name in ("model.pt", CHECKPOINT))
    options = {
        "dataset_dir": args.data,
        "output_dir": args.out,
        "train#trainer#max_epochs": args.epochs,
        "minutes": args.minutes,
        "seed": args.seed,
        "initial_weights": args.initial_weights,
        "resume": args.resume,
        "device": args.device,
    }
    goes_on = checkpoint.exists() or previous_of(checkpoint).exists()  # then the best weights may be of an epoch before
    results = Results([checkpoint, weights])
    with in_the_words_of(KIND, {"--output_dir": "--out", **NAMES}, [args.data, args.out]):
        run_typed(KIND, options, args.overlay, args.set)
    results.require(KIND, may_stay=[weights] if goes_on else [])
    evaluate = ["evaluate", args.data, "--checkpoint", str(weights), "--out", str(Path(args.out) / "evaluation")]
    print(f"next: {program()} {shlex.join(evaluate)}")
    print(f"weights in {weights}")
    return 0


def interrupted(args: argparse.Namespace) -> str:
    """How to go on after Ctrl-C."""
    if not (Path(args.out) / CHECKPOINT).is_file():
        return "no epoch was saved yet; give the same command again"
    return f"the same command {'' if args.resume else 'with --resume '}goes on after the last epoch that was saved"
