"""The command ``monailabel``: lay out a MONAI Label app that serves this bundle, and others beside it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import ROOT, SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("app", type=Path, metavar="APP_DIR", help="folder for the app, or an app laid out before")
    parser.add_argument("--bundle", type=Path, help="folder or zip of another bundle to serve (default: this one)")
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle of that name, its weights included")


def run(args: argparse.Namespace) -> int:
    """Lay it out and say how to start it.

    Raises:
        InputError: see `lay_out`.
    """
    from bundle.monailabel.layout import lay_out
    from scripts.weights.caution import caution_of

    place = lay_out(args.app, ROOT, args.bundle, args.overwrite)
    print(f"{place.name} is in {place}.")
    print(f"Start the server, in the environment that has MONAI Label: python {args.app / 'serve.py'} --studies FOLDER")
    if args.bundle is None:
        print(caution_of(SHIPPED, "train on the server for yours"))
    return 0
