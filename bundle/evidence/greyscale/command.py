"""The command ``greyscale``: how far metal moves the window that is found, and how much bone is stained as metal."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import PHANTOM, SHIPPED
from bundle.shared.window_option import add_window_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    metal = steps.add_parser("metal", help="the window of scans whose implant is cropped away, or there twice")
    metal.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="a phantom")
    metal.add_argument("--split", choices=["training", "validation", "test"], default="test", help="whose scans")
    bone = steps.add_parser("bone", help="the share of bone that is stained black, as metal, and brown, as degradation")
    bone.add_argument("volumes", nargs="+", metavar="VOLUME", help="scans without an implant")
    bone.add_argument("--checkpoint", type=Path, default=SHIPPED, help="weights")
    bone.add_argument("--slices", type=int, default=5, help="of each volume, evenly spread")
    add_window_option(bone)


def run(args: argparse.Namespace) -> int:
    """Print a table.

    Raises:
        InputError: data that are no phantom, a volume or weights that cannot be read.
    """
    from bundle.shared.markdown import table

    if args.step == "metal":
        from bundle.evidence.greyscale.metal import moves

        print("\n".join(table(list(moves(args.dataset_dir, args.split)))))
        return 0
    from bundle.evidence.greyscale.bone import shares
    from bundle.shared.window_option import window_of
    from scripts.virtual_stainer import VirtualStainer

    stainer = VirtualStainer(args.checkpoint)
    print("\n".join(table([shares(stainer, volume, args.slices, window_of(args)) for volume in args.volumes])))
    return 0
