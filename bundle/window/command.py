"""The command ``window``: a scan's histogram, its landmarks, and its middle slice at each window that may be chosen."""

from __future__ import annotations

import argparse
from pathlib import Path

from bundle.shared.places import SHIPPED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("volume", metavar="VOLUME", help="image or volume, as of `stain`")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED, help="weights that are to stain it")
    parser.add_argument("--out", type=Path, metavar="PNG", help="picture to write (default: NAME_window.png, here)")


def run(args: argparse.Namespace) -> int:
    """Draw the picture, print each window as the option to paste, and say which one staining takes.

    Raises:
        InputError: a volume or weights that cannot be read; a constant volume; a picture that cannot be written.
    """
    from bundle.shared.trained_network import read_network
    from bundle.window.picture import draw
    from bundle.window.proposals import look_at
    from scripts.errors import InputError
    from scripts.printable import printable
    from scripts.volume.read.reader import open_volume
    from scripts.weights.origin import describe_weights

    if args.out is not None and args.out.suffix.lower() != ".png":
        raise InputError(f"--out {args.out} is no PNG: give a name that ends in .png.")
    network = read_network(args.checkpoint)
    with open_volume(args.volume) as volume:
        look = look_at(volume, network)
        out = args.out or Path(f"{volume.name}_window.png")
        draw(look, network.trained_on, out, printable(describe_weights(args.checkpoint, None, network.trained_on)))
        landmarks = look.search.landmarks
        if landmarks is None:
            print(f"{volume.source}: no landmarks, since {look.search.remark}")
        else:
            print(f"{volume.source}: background {landmarks.background:.6g}, mineral {landmarks.mineral:.6g}")
    for proposal in look.proposals:
        chosen = "  <- what staining takes" if proposal.window == look.choice.window else ""
        lo, hi = proposal.window
        print(f'{proposal.name:<12} --ct_window "[{lo:.6g}, {hi:.6g}]"{chosen}')
    print(f"Chosen: {look.choice.source}, {look.choice.why}.")
    print(f"Picture in {out}")
    return 0
