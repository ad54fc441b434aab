"""The command ``pairs``: ``register`` makes a pair of one section and its scan, ``collect`` a data set of a study."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bundle.pairs.pair_files import NORMALISED
from bundle.pairs.place.search import Ranges
from bundle.pairs.register import Options, register
from bundle.pairs.single import check_pair
from bundle.pairs.study.collect import SUMMARY, Outcome, collect
from bundle.pairs.study.summary import counted, said_of
from bundle.pairs.study.table import read_study
from scripts.data.window import check_window
from scripts.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    one = steps.add_parser("register", help="one section and its scan to a checked pair")
    one.add_argument("--slide", help="SVS, NDPI, MRXS, OME-TIFF, TIFF, PNG or JPEG")
    one.add_argument("--volume", help="TIFF stack, folder of slices, NIfTI, MHA, NRRD, HDF5 or OME-Zarr")
    one.add_argument("--landmarks", help="CSV of slide_x,slide_y,volume_x,volume_y,volume_z")
    one.add_argument("--mask", help="image, 0 where the section is not to be used, such as drawn over a thumbnail")
    one.add_argument("--ct", help="instead of --slide and --volume: grey image of a pair that is registered already")
    one.add_argument("--histology", help="its section")
    one.add_argument("--out", type=Path, required=True, help="folder of the pair")
    several = steps.add_parser("collect", help="a study's sections to a data set that training accepts")
    several.add_argument("study", type=Path, metavar="STUDY", help="CSV table, or a folder with study.csv")
    several.add_argument("--out", type=Path, required=True, help="folder of the data set")
    several.add_argument("--normalise_stain", action="store_true", help="sections as if they were all dyed alike")
    several.add_argument("--jobs", type=int, default=1, help="sections at a time")
    for command in (one, several):
        defaults = Ranges()
        command.add_argument("--plane", help="z0,nx,ny,nz: slice at the scan's middle and normal (default: any depth)")
        command.add_argument("--depth", type=float, default=defaults.depth, help="voxels from the plane at most")
        command.add_argument("--tilt", type=float, default=defaults.tilt, help="degrees from it at most")
        command.add_argument("--turn", type=float, default=defaults.turn, help="degrees turned in it at most")
        command.add_argument("--shift", type=float, default=defaults.shift, help="voxels shifted in it at most")
        command.add_argument("--any_way", action="store_true", help="sections turned by quarters or on either face")
        command.add_argument("--pixel_um", type=float, help="edge of the slide's pixels, if the file does not say")
        command.add_argument("--voxel_um", type=float, help="edge of the scan's voxels, if the file does not say")
        command.add_argument("--ct_window", type=float, nargs=2, metavar=("LO", "HI"), help="grey values: black, white")
        command.add_argument("--seed", type=int, default=0, help="of the search")


def run(args: argparse.Namespace) -> int:
    """Register, and say what became of it; 1 where there is no pair that training could use, or a section of a study
    could not be registered.

    Raises:
        InputError: see `register`, `read_study`, `collect`.
    """
    window = None if args.ct_window is None else check_window(args.ct_window, "--ct_window")
    for name in ("depth", "tilt", "turn", "shift"):
        if not getattr(args, name) >= 0:
            raise InputError(f"--{name} {getattr(args, name):g}: give 0 or more.")
    options = Options(
        landmarks=getattr(args, "landmarks", None),
        plane=args.plane,
        ranges=Ranges(args.depth, args.tilt, args.turn, args.shift),
        any_way=args.any_way,
        pixel_um=args.pixel_um,
        voxel_um=args.voxel_um,
        ct_window=window,
        seed=args.seed,
        mask=getattr(args, "mask", None),
    )
    return _register(args, options) if args.step == "register" else _collect(args, options)


def _register(args: argparse.Namespace, options: Options) -> int:
    if args.ct and args.histology and not (args.slide or args.volume):
        if args.landmarks or args.plane:
            raise InputError(
                "--landmarks and --plane find a section in its scan: leave them out for a registered pair."
            )
        report = check_pair(args.ct, args.histology, args.out, options.ct_window, options.pixel_um, options.mask)
    elif args.slide and args.volume and not (args.ct or args.histology):
        if options.plane is None and options.landmarks is None:
            print("No --plane and no --landmarks: the whole depth of the scan is searched.", flush=True)
        report = register(args.slide, args.volume, args.out, options, lambda line: print(line, flush=True))
    else:
        raise InputError("Give --slide and --volume, or --ct and --histology of a pair that is registered already.")
    print(f"{said_of(report)}: {'; '.join(report['reasons'])}. See {args.out / 'report.html'}.")
    return int(report["verdict"] == "reject")


def _collect(args: argparse.Namespace, options: Options) -> int:
    if args.jobs < 1:
        raise InputError(f"--jobs {args.jobs}: give a positive number.")
    rows = read_study(args.study)
    outcomes: list[Outcome] = []
    for number, outcome in enumerate(collect(rows, args.out, options, args.jobs, args.normalise_stain), 1):
        outcomes.append(outcome)
        why = outcome.mistake if outcome.report is None else "; ".join(outcome.report["reasons"])
        again = " (was there already)" if outcome.known else ""
        print(f"{number} of {len(rows)}: {outcome.row.name}{again}: {said_of(outcome.report)}: {why}", flush=True)
    print(f"{counted(outcomes)}.")
    datalist = json.loads((args.out / "datalist.json").read_text(encoding="utf-8"))
    if args.normalise_stain:
        sections = [Path(item["histology"]) for items in datalist.values() for item in items]
        left = [path.parent.name for path in sections if path.name != NORMALISED]
        print(f"The dye of {len(sections) - len(left)} sections was made even, see the summary.")
        if left:
            print(
                f"Left as they were: {', '.join(left)}. No training pair has tissue of the same grey, or the dye "
                "differs so much that it is another stain."
            )
    empty = [split for split, items in datalist.items() if not items]
    if empty:
        print(f"No pairs for {', '.join(empty)}: training needs some for training and validation, evaluation for test.")
    print(f"Look through {args.out / SUMMARY}, then train with --dataset_dir {args.out}.")
    left_out = [outcome for outcome in outcomes if not outcome.usable]
    if left_out:
        names = ", ".join(outcome.row.name for outcome in left_out)
        print(f"Not in datalist.json: {names} ({counted(left_out)}). The other {len(outcomes) - len(left_out)} are.")
    return int(any(outcome.report is None for outcome in outcomes))
