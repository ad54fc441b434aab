"""The command ``lut``: the best grey-to-colour lookup table, the baseline that a network has to beat.

A table gives every grey value one colour. It knows the windowed CT value of a pixel (of its Gaussian neighbourhood, if
the CT is smoothed before) and nothing of shape or texture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.evidence.shared.defaults import BINS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--dataset_dir", type=Path, required=True, help="folder with datalist.json")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tables of metrics")
    parser.add_argument("--bins", type=int, default=BINS, help="entries of the table (default: %(default)s)")
    parser.add_argument("--lpips_weights", type=Path, help="AlexNet weights for LPIPS (default: torch's cache)")


def run(args: argparse.Namespace) -> int:
    """Evaluate the table that `evaluate_best_table` finds.

    Raises:
        InputError: see `evaluate_best_table`.
    """
    from bundle.evidence.shared.lookup_table.best import evaluate_best_table

    evaluate_best_table(args.dataset_dir, args.out, args.bins, args.lpips_weights)
    return 0
