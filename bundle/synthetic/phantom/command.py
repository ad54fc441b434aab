"""The command ``phantom``: write the synthetic data set."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from bundle.shared.places import PHANTOM
from bundle.synthetic.phantom.defaults import DYE, PLAIN_LOOK, VARIED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "out", nargs="?", type=Path, default=PHANTOM, metavar="OUT", help="folder (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    parser.add_argument(
        "--specimens",
        type=int,
        nargs="+",
        default=[14],
        metavar="N",
        help="number of specimens, or three numbers: of training, validation and test specimens (default: 14)",
    )
    _add_kinds(parser)
    parser.add_argument("--slices", type=int, default=4, help="pairs per specimen (default: %(default)s)")
    parser.add_argument("--size", type=int, default=512, help="side of the images in pixels (default: %(default)s)")
    parser.add_argument(
        "--displacement",
        type=float,
        default=2.0,
        help="root-mean-square misregistration of the sections in pixels, 0 = none (default: %(default)s)",
    )
    parser.add_argument(
        "--volumes",
        type=int,
        default=2,
        help="specimens that also come as a volume, as many of the varied ones (default: %(default)s)",
    )
    parser.add_argument("--depth", type=int, default=48, help="slices of a volume (default: %(default)s)")
    parser.add_argument(
        "--processes", type=int, default=None, help="worker processes (default: one per core, at most 8)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a phantom that is already there")


def _add_kinds(parser: argparse.ArgumentParser) -> None:
    """Which specimens there are beside the plain ones, or in their place."""
    parser.add_argument(
        "--varied",
        type=int,
        nargs="*",
        metavar="N",
        help="write varied specimens, too: V01, V02, ..., each with a scanner, pixel size, energy, grey scale and "
        f"stain of its own; how many, as for --specimens (default: {VARIED[0]} {VARIED[1]} "
        f"{VARIED[2]}); the plain specimens stay the same",
    )
    parser.add_argument(
        "--dye",
        type=float,
        default=DYE,
        help="how far the stains of varied specimens differ from the plain ones', 0 = not at all, 1 = up to what was "
        "measured on real sections (default: %(default)s)",
    )
    parser.add_argument(
        "--look",
        choices=[PLAIN_LOOK, "other"],
        default=PLAIN_LOOK,
        help="other: specimens in another stain and scanner, with finer trabeculae, which the shipped weights never "
        "saw (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Write the phantom and say where it lies.

    Raises:
        InputError: see `make_phantom`.
    """
    from tqdm import tqdm

    from bundle.synthetic.phantom.generate import make_phantom

    start = time.monotonic()
    with tqdm(desc="phantom", unit="slice") as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        datalist = make_phantom(
            args.out,
            seed=args.seed,
            specimens=_number(args.specimens),
            slices=args.slices,
            size=args.size,
            displacement=args.displacement,
            volumes=args.volumes,
            depth=args.depth,
            processes=args.processes,
            overwrite=args.overwrite,
            progress=progress,
            varied=_number(args.varied),
            dye=args.dye,
            look=args.look,
        )
    print(f"Phantom written to {datalist.parent} in {time.monotonic() - start:.0f} s.")
    return 0


def _number(given: Sequence[int] | None) -> int | Sequence[int]:
    """What `make_phantom` takes for a number of specimens; `--varied` without a number means the default."""
    if given is None:
        return 0
    return given[0] if len(given) == 1 else given or VARIED
