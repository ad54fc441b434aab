"""The command ``blocks``: make a data set of one registered pair, its splits apart from each other in the field.

Tiles drawn at random from one field would lie next to each other, and a network that had learned the field by heart
would seem to know others. Here training, validation and test are three stretches of the field with gaps between them.
That still is one specimen, one slide and one scan: it shows that the software works on real images, and how well it
fills in the rest of a field of which it saw a part.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("ct", type=Path, help="grey image")
    parser.add_argument("section", type=Path, help="RGB image of the same size, registered")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the data set")
    parser.add_argument("--mask", type=Path, help="0 where the pair is not to be used")
    parser.add_argument("--gap", type=int, default=64, help="pixels between training, validation and test")
    parser.add_argument("--rows", type=int, default=2, help="blocks one below the other, of each split")


def run(args: argparse.Namespace) -> int:
    """Write the data set.

    Raises:
        InputError: see `write_blocks`.
    """
    from bundle.evidence.blocks.writing import write_blocks

    write_blocks(args.ct, args.section, args.out, args.mask, args.gap, args.rows)
    return 0
