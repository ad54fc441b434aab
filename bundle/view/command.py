"""The command ``view``: a stained volume as one HTML page, which any browser shows without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

LARGEST = 2048  # a browser's canvas holds a tile of that side on every phone
SMALLEST = 16
SUFFIXES = (".html", ".htm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("stained", type=Path, metavar="STAINED", help="folder that `stain` or `run inference` wrote")
    parser.add_argument("--name", help="which volume, its files' name before _stain; without it a page for each")
    parser.add_argument("--ct", metavar="VOLUME", help="the CT that was stained, where it is no longer where it was")
    parser.add_argument(
        "--out", type=Path, dest="page", metavar="PAGE.html", help="page to write; STAINED/NAME_stain.html"
    )
    parser.add_argument("--size", type=int, default=1024, help="voxels along the longest side at most")


def run(args: argparse.Namespace) -> int:
    """Write a page for each volume and print its path.

    Raises:
        InputError: nothing is stained, or not finished; several volumes where one is meant; a CT that was given
            and is another; a damaged output; a page that cannot be written, or is named like another kind of file.
    """
    from bundle.shared.stained import find_stained
    from bundle.view.write import write_view
    from scripts.errors import InputError

    if not SMALLEST <= args.size <= LARGEST:
        raise InputError(f"--size is {args.size}: give a number from {SMALLEST} to {LARGEST}.")
    if args.page is not None:
        _require_page(args.page)
    stained = find_stained(args.stained, args.name)
    if len(stained) > 1 and (args.ct or args.page):
        names = ", ".join(one.name for one in stained)
        raise InputError(f"{args.stained} holds several volumes ({names}): say by --name which one is meant.")
    for one in stained:
        path = args.page or args.stained / f"{one.name}_stain.html"
        grid = write_view(one, path, args.size, args.ct)
        sides = " x ".join(map(str, grid.shape))
        print(f"{path}: {sides} voxels (z, y, x), {path.stat().st_size / 1e6:.1f} MB")
    for line in [one.caution for one in stained if one.caution]:
        print(line)
    return 0


def _require_page(path: Path) -> None:
    """Refuse a name that may be a volume's: an earlier page is replaced, nothing else is."""
    from scripts.errors import InputError
    from scripts.files.opening import has_suffix

    if path.is_dir():
        raise InputError(f"--out {path} is a folder: give the name of the page as well, such as {path / 'stain.html'}.")
    if not has_suffix(path, SUFFIXES):
        raise InputError(f"--out {path} does not end in {' or '.join(SUFFIXES)}: give the page such a name.")
