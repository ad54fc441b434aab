"""The command ``fit``: how often a scan that differs from the training's is named, and one that does not."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import PHANTOM, SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "datasets", nargs="*", type=Path, default=[PHANTOM], metavar="DATASET", help="folders with datalist.json"
    )
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED, help="weights that know their training's scans")
    parser.add_argument(
        "--of",
        type=Path,
        metavar="DATASET",
        help="compare with the training's scans of this folder, not with those that the weights know",
    )
    parser.add_argument("--cost", action="store_true", help="stain, and print what each change costs, instead")
    parser.add_argument("--split", choices=["training", "validation", "test"], default="test", help="whose scans")


def run(args: argparse.Namespace) -> int:
    """Count, and print tables.

    Raises:
        InputError: weights that do not know their training's scans; see `load_datalist`.
    """
    if args.cost:
        from bundle.evidence.fit.costing import print_costs

        print_costs(args.datasets, args.split, args.checkpoint)
        return 0
    from bundle.evidence.fit.counting import print_counts

    print_counts(args.datasets, args.split, args.checkpoint, args.of)
    return 0
