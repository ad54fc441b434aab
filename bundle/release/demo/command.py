"""The command ``demo``: the whole way in a few minutes."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import PHANTOM, SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for all results")
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="phantom; made if it is not there")
    parser.add_argument("--epochs", type=int, default=6, help="epochs to train the small model")
    parser.add_argument("--steps", type=int, default=40, help="training steps per epoch")


def run(args: argparse.Namespace) -> int:
    """Run all steps.

    Raises:
        InputError: see `run_demo`.
    """
    from bundle.release.demo.steps import run_demo

    run_demo(args.out, args.dataset_dir, args.epochs, args.steps)
    return 0


def weights_used(_args: argparse.Namespace) -> list[Path]:
    """Whose last line this command ends with."""
    return [SHIPPED]
