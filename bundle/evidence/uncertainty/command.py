"""The command ``uncertainty``: whether the uncertainty of a stain ranks its errors, and notices unseen materials."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import OUTPUT, PHANTOM, SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "checkpoints",
        nargs="*",
        type=Path,
        default=[SHIPPED],
        help="the weights that are judged; and others trained alike with other seeds, as an ensemble to compare with",
    )
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="folder with datalist.json")
    parser.add_argument("--split", choices=["validation", "test"], default="validation", help="what to judge on")
    parser.add_argument(
        "--without",
        nargs="*",
        default=[],
        metavar="MATERIAL=CHECKPOINT",
        help="weights whose training never saw an implant material of the phantom, see `limits material`",
    )
    parser.add_argument("--out", type=Path, default=OUTPUT / "uncertainty", help="folder for results")


def run(args: argparse.Namespace) -> int:
    """Judge, print tables, draw a figure.

    Raises:
        InputError: see `judge_uncertainty`.
    """
    from bundle.evidence.uncertainty.judging import judge_uncertainty, unseen_of

    unseen = unseen_of(args.without, args.dataset_dir)
    judge_uncertainty(args.checkpoints, args.dataset_dir, args.split, unseen, args.out)
    return 0


def weights_used(args: argparse.Namespace) -> list[Path]:
    """Whose last line this command ends with."""
    return list(args.checkpoints)
