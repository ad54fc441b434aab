"""The command ``data``: a folder of CT slices and one of sections to a checked data list."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.window_option import add_window_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("ct", nargs="?", type=Path, metavar="CT_DIR", help="folder of CT slices")
    parser.add_argument("section", nargs="?", type=Path, metavar="SECTION_DIR", help="folder of sections")
    parser.add_argument("--table", type=Path, help="instead of folders: CSV with the columns ct and histology")
    parser.add_argument("--out", type=Path, required=True, help="folder for datalist.json and pairs.html")
    parser.add_argument("--masks", type=Path, help="folder of masks, 0 where a pair is not to be used")
    parser.add_argument(
        "--specimen",
        metavar="PATTERN",
        help='regular expression that finds the specimen in a CT slice\'s name, such as "S[0-9]+"; or each: every pair '
        "is of another one (default: what stands before the slice's number)",
    )
    parser.add_argument("--within_specimen", action="store_true", help="share out slices where specimens are too few")
    parser.add_argument("--seed", type=int, default=0, help="by which specimens are shared out")
    parser.add_argument("--pixel_um", type=float, help="edge of the pixels in micrometres, if the files do not say")
    add_window_option(parser)
    parser.add_argument("--keep", nargs="+", default=[], metavar="NAME", help="pairs to use whatever is found in them")


def run(args: argparse.Namespace) -> int:
    """Check the pairs, write the list and the page, and say what was found.

    Raises:
        InputError: see `make_list`.
    """
    from bundle.data.make import make_list

    return make_list(args)
