"""The command ``slides``: write the synthetic study."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from bundle.shared.places import SLIDES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("out", nargs="?", type=Path, default=SLIDES, metavar="OUT", help="folder")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    parser.add_argument("--slides", type=int, default=20, help="number of slides, two of each specimen")
    parser.add_argument("--side", type=int, default=384, help="side of the blocks in voxels")
    parser.add_argument("--depth", type=int, default=128, help="slices of the blocks")
    parser.add_argument("--distortion", type=float, default=12.0, help="greatest distortion of a section in voxels")
    parser.add_argument("--undamaged", action="store_true", help="no folds, tears, bubbles and pen marks")
    parser.add_argument("--dye", type=float, default=0.0, help="share by which slides are dyed stronger or weaker")
    parser.add_argument("--any_way", action="store_true", help="sections turned by quarters and on either face")
    parser.add_argument("--processes", type=int, help="worker processes (default: one per core, at most 8)")


def run(args: argparse.Namespace) -> int:
    """Write the study and say where it lies.

    Raises:
        InputError: see `make_study`.
    """
    from tqdm import tqdm

    from bundle.synthetic.slides.cut import CutLimits
    from bundle.synthetic.slides.options import StudyOptions
    from bundle.synthetic.slides.study import make_study
    from scripts.errors import InputError

    start = time.monotonic()
    if args.processes is not None and args.processes < 1:
        raise InputError(f"--processes {args.processes}: give a positive number.")
    options = StudyOptions(
        seed=args.seed,
        slides=args.slides,
        side=args.side,
        depth=args.depth,
        damaged=not args.undamaged,
        any_way=args.any_way,
        dye=args.dye,
        limits=CutLimits(distortion=args.distortion),
    )
    with tqdm(desc="study", unit="slide") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        table = make_study(args.out, options, args.processes, progress)
    print(f"Study written to {table.parent} in {time.monotonic() - start:.0f} s; its table is {table}.")
    return 0
