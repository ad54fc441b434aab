"""What the steps of the command ``pairs`` do with its arguments, and what they print."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bundle.pairs.options import Options, Ranges
from bundle.pairs.pair_files import NORMALISED
from bundle.pairs.registration.elsewhere import check_pair
from bundle.pairs.registration.register import register
from bundle.pairs.report.verdict import said_of
from bundle.pairs.study.collect import SUMMARY, collect
from bundle.pairs.study.outcome import Outcome, counted
from bundle.pairs.study.table.read import read_study
from bundle.shared.window_option import window_of
from scripts.errors import InputError


def run_step(args: argparse.Namespace) -> int:
    """Run ``register`` or ``collect`` and return the exit status.

    Raises:
        InputError: see `register`, `check_pair`, `read_study`, `collect`.
    """
    options = _options(args)
    return _register(args, options) if args.step == "register" else _collect(args, options)


def _options(args: argparse.Namespace) -> Options:
    for name in ("depth", "tilt", "turn", "shift"):
        if not getattr(args, name) >= 0:
            raise InputError(f"--{name} {getattr(args, name):g}: give 0 or more.")
    return Options(
        landmarks=getattr(args, "landmarks", None),
        plane=args.plane,
        ranges=Ranges(args.depth, args.tilt, args.turn, args.shift),
        any_way=args.any_way,
        pixel_um=args.pixel_um,
        voxel_um=args.voxel_um,
        ct_window=window_of(args),
        seed=args.seed,
        mask=getattr(args, "mask", None),
    )


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
        print(f"{number} of {len(rows)}: {_line(outcome)}", flush=True)
    print(f"{counted(outcomes)}.")
    datalist = json.loads((args.out / "datalist.json").read_text(encoding="utf-8"))
    if args.normalise_stain:
        _tell_of_dye([Path(item["histology"]) for items in datalist.values() for item in items])
    empty = [split for split, items in datalist.items() if not items]
    if empty:
        print(f"No pairs for {', '.join(empty)}: training needs some for training and validation, evaluation for test.")
    print(f"Look through {args.out / SUMMARY}, then train with --dataset_dir {args.out}.")
    left_out = [outcome for outcome in outcomes if not outcome.usable]
    if left_out:
        names = ", ".join(outcome.row.name for outcome in left_out)
        print(f"Not in datalist.json: {names} ({counted(left_out)}). The other {len(outcomes) - len(left_out)} are.")
    return int(any(outcome.report is None for outcome in outcomes))


def _line(outcome: Outcome) -> str:
    why = outcome.mistake if outcome.report is None else "; ".join(outcome.report["reasons"])
    again = " (was there already)" if outcome.known else ""
    return f"{outcome.row.name}{again}: {said_of(outcome.report)}: {why}"


def _tell_of_dye(sections: Sequence[Path]) -> None:
    left = [path.parent.name for path in sections if path.name != NORMALISED]
    print(f"The dye of {len(sections) - len(left)} sections was made even, see the summary.")
    if left:
        print(
            f"Left as they were: {', '.join(left)}. No training pair has tissue of the same grey, or the dye "
            "differs so much that it is another one."
        )
