"""The command ``convert``: a stained volume in another format."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.workflows.typed import path_text

NAMES = {"--output_format": "--to"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "stained", type=path_text, metavar="STAINED", help="folder that `stain` wrote, or one stain in it"
    )
    parser.add_argument("--to", required=True, metavar="FORMAT,...", help="of ome.zarr, tif, nii.gz and nii")
    parser.add_argument("--name", help="which volume, its files' name before _stain (default: all in the folder)")
    parser.add_argument("--out", type=path_text, help="folder for what is written (default: STAINED)")


def run(args: argparse.Namespace) -> int:
    """Convert, and print the path of each file.

    Raises:
        InputError: no stain with its record; an unknown format; an output that exists; a stain that was damaged or
            changed since it was made.
    """
    from bundle.workflows.converting import check_formats, convert, find

    formats = check_formats([name.strip() for name in args.to.split(",")])
    out = None if args.out is None else Path(args.out)
    found = find(Path(args.stained), args.name)
    for stained in found:
        for path in convert(stained, formats, out):
            print(path)
    for line in [stained.caution for stained in found if stained.caution]:
        print(line)
    return 0
