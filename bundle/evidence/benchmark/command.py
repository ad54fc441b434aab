"""The command ``benchmark``: train and evaluate recipes with several seeds, print a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bundle.evidence.shared.defaults import DEFAULT, LOOKUP_TABLE, STEPS_PER_EPOCH
from bundle.shared.places import OUTPUT, PHANTOM

if TYPE_CHECKING:
    from bundle.evidence.benchmark.training import Benchmark


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "recipes",
        nargs="+",
        help=f"config files that change configs/train.yaml, '{DEFAULT}' for no change, '{LOOKUP_TABLE}' for the "
        "lookup table",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one training for each")
    parser.add_argument("--steps", type=int, nargs="+", default=[800], help="lengths of training, multiples of 50")
    parser.add_argument(
        "--minutes", type=float, help="instead of --steps: as many as each recipe makes in so much processor time"
    )
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, which share the cores")
    parser.add_argument(
        "--split",
        choices=["validation", "test"],
        default="validation",
        help="validation to choose by, test to report once",
    )
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="folder with datalist.json")
    parser.add_argument("--evaluate_on", type=Path, metavar="DATASET", help="other data to evaluate on, with its split")
    parser.add_argument(
        "--tissue_classifier", type=Path, help="of `python -m bundle tissue`: evaluate tissues and histomorphometry too"
    )
    parser.add_argument("--out", type=Path, default=OUTPUT / "benchmark", help="folder for results")
    parser.add_argument(
        "--times", type=Path, metavar="NETWORK.JSON", help="of `speed network`: draw quality against speed, pareto.png"
    )
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="further entries of the training's config"
    )


def run(args: argparse.Namespace) -> int:
    """Run every cell that has no result yet, print the table after each, and report at the end.

    Raises:
        InputError: arguments out of range; a run that failed.
    """
    from bundle.evidence.benchmark.pareto import speeds
    from bundle.evidence.benchmark.report import report
    from bundle.evidence.benchmark.training import train_all
    from bundle.evidence.shared.machine import describe_machine

    benchmark = benchmark_of(args)
    times_as_fast = speeds(args.times, benchmark.recipes) if args.times else {}
    print(", ".join(f"{name} {value}" for name, value in describe_machine().items()), flush=True)
    if args.minutes is not None:
        benchmark = benchmark.within(args.minutes)
    report(benchmark, train_all(benchmark), times_as_fast)
    return 0


def benchmark_of(args: argparse.Namespace) -> Benchmark:
    """What the arguments ask for. With a budget of time the steps are yet to be found.

    Raises:
        InputError: arguments out of range, recipes or data that cannot be used.
    """
    from bundle.evidence.benchmark.training import Benchmark
    from bundle.evidence.shared.recipes import cells_of, evaluation_of, read_options, read_recipes, threads_of
    from scripts.errors import InputError
    from scripts.files.output_folder import writable_folder

    threads_of(args.jobs)
    if args.minutes is not None and not args.minutes > 0:
        raise InputError(f"--minutes {args.minutes:g}: give a positive number.")
    recipes, options = read_recipes(args.recipes), read_options(args.set)
    if not recipes.overlays:
        raise InputError(
            "The lookup table alone is no comparison: name a recipe besides, or see `python -m bundle lut`."
        )
    steps = args.steps if args.minutes is None else [STEPS_PER_EPOCH]
    cells = cells_of(recipes, args.seeds, steps, args.dataset_dir, options)
    evaluation = evaluation_of(args.split, args.evaluate_on, args.tissue_classifier)
    out = writable_folder(args.out).resolve()
    return Benchmark(cells, recipes.lookup_table, evaluation, out, args.jobs)
