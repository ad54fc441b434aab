"""The command ``ensemble``: the weights of several trainings as one file, whose stain is the mean of theirs."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("weights", type=Path, nargs="+", help="model.pt or checkpoint.pt of two trainings or more")
    parser.add_argument("--out", type=Path, required=True, help="file for the ensemble's weights, such as ensemble.pt")


def run(args: argparse.Namespace) -> int:
    """Read the members, check that they fit together, and write.

    Raises:
        InputError: see `ensemble_of`; a file that exists, or that is named as an exported network.
    """
    from scripts.errors import InputError
    from scripts.networks.exported import SUFFIXES
    from scripts.weights.checkpoint import save_atomically
    from scripts.weights.ensemble import ensemble_of

    if args.out.exists():
        raise InputError(f"{args.out} exists already: give another --out.")
    if args.out.suffix in SUFFIXES:
        raise InputError(f"{args.out} is named as an exported network: let its name end in .pt.")
    save_atomically(ensemble_of(args.weights).state_dict(), args.out)
    print(
        f"ensemble in {args.out}: its stain is the mean of {len(args.weights)} networks, and takes {len(args.weights)} "
        "times as long as that of one. Give it as --checkpoint."
    )
    return 0


def weights_used(args: argparse.Namespace) -> list[Path]:
    """Whose last line this command ends with."""
    return list(args.weights)
