"""The command ``tissue``: fit the classifier that names the tissues of a section."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.evidence.tissue.patch import BATCH, PATCH
from bundle.shared.places import TISSUE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "dataset_dir",
        type=Path,
        metavar="DATASET",
        help="folder with datalist.json whose pairs have 'labels' registered with their sections, such as a phantom "
        "made with --displacement 0",
    )
    parser.add_argument("--out", type=Path, default=TISSUE, help="file to write")
    parser.add_argument("--steps", type=int, default=1500, help=f"of {BATCH} patches of {PATCH} pixels")
    parser.add_argument("--seed", type=int, default=0, help="random seed")


def run(args: argparse.Namespace) -> int:
    """Fit, print the Dice, and write the classifier.

    Raises:
        InputError: see `fit_and_write`.
    """
    from bundle.evidence.tissue.fitting import fit_and_write

    fit_and_write(args.dataset_dir, args.out, args.steps, args.seed)
    return 0
