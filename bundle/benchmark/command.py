"""The command ``benchmark``: train and evaluate recipes with several seeds, print a table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from bundle.bench.command import table
from bundle.bench.machine import describe_machine
from bundle.benchmark.cell import ROOT, STEPS_PER_EPOCH, Cell, code_digest, result_of
from bundle.benchmark.pareto import draw_pareto, speeds
from bundle.benchmark.table import rows_of
from bundle.phantom.command import DEFAULT_OUT as PHANTOM
from scripts.errors import InputError
from scripts.output_folder import writable_folder

DEFAULT = "default"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "recipes", nargs="+", help=f"config files that change configs/train.yaml, or '{DEFAULT}' for no change"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one training for each")
    parser.add_argument("--steps", type=int, nargs="+", default=[800], help="lengths of training, multiples of 50")
    parser.add_argument(
        "--split",
        choices=["validation", "test"],
        default="validation",
        help="validation to choose by, test to report once",
    )
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="folder with datalist.json")
    parser.add_argument("--output_dir", type=Path, default=ROOT / "output" / "benchmark", help="folder for results")
    parser.add_argument(
        "--times", type=Path, metavar="NETWORK.JSON", help="of `bench network`: draw quality against speed, pareto.png"
    )
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="further entries of the training's config"
    )


def run(args: argparse.Namespace) -> int:
    """Run every cell that has no result yet, one after the other, and print the table after each.

    Raises:
        InputError: arguments out of range; a run that failed.
    """
    cells = cells_of(args)
    out = writable_folder(args.output_dir)
    times_as_fast = speeds(args.times, [cell.recipe for cell in cells]) if args.times else {}
    print(", ".join(f"{name} {value}" for name, value in describe_machine().items()), flush=True)
    results = []
    for number, cell in enumerate(cells, start=1):
        results.append(result_of(cell, args.split, out))
        print(f"\n{number} of {len(cells)} cells, {args.split} specimens\n", flush=True)
        print("\n".join(table(rows_of(results))), flush=True)
        text = json.dumps({"machine": describe_machine(), "results": results}, indent=2) + "\n"
        (out / "benchmark.json").write_text(text, encoding="utf-8")
    older = sum(result.get("code") != code_digest() for result in results)
    if older:
        print(f"\n{older} of {len(results)} trainings ran with other code; delete their folders to repeat them.")
    if times_as_fast:
        longest = [result for result in results if result["cell"]["steps"] == max(args.steps)]
        draw_pareto(out / "pareto.png", longest, times_as_fast, DEFAULT)
        print(f"\nQuality against speed in {out / 'pareto.png'}")
    print(f"\nAs JSON, with the commands, in {out / 'benchmark.json'}")
    return 0


def cells_of(args: argparse.Namespace) -> list[Cell]:
    """Every combination of recipe, length and seed; all recipes of a seed before the next seed.

    Raises:
        InputError: steps that are no multiple of an epoch, a seed or a recipe's name that comes twice, a recipe without
            a file, an option that is no NAME=VALUE or not to be set.
    """
    for steps in args.steps:
        if steps < STEPS_PER_EPOCH or steps % STEPS_PER_EPOCH:
            raise InputError(f"--steps {steps}: give multiples of {STEPS_PER_EPOCH}, the steps of an epoch.")
    options = {}
    for word in args.set:
        name, equals, value = word.partition("=")
        if not (name and equals):
            raise InputError(f"--set {word}: give NAME=VALUE, such as stain_to_ct#factor=1.")
        options[name] = value
    if len(set(args.seeds)) < len(args.seeds):
        raise InputError(f"--seeds {' '.join(map(str, args.seeds))}: a seed that is given twice is one training.")
    overlays: dict[str, str | None] = {}
    for recipe in args.recipes:
        name = Path(recipe).stem
        if name in overlays or (name == DEFAULT and recipe != DEFAULT):
            raise InputError(f"{recipe}: another recipe is named '{name}' already; rename the file.")
        overlays[name] = None if recipe == DEFAULT else _file(recipe)
    cells = [
        Cell(name, overlay, seed, steps, str(args.dataset_dir.resolve()), options)
        for seed in args.seeds
        for steps in args.steps
        for name, overlay in overlays.items()
    ]
    for name in options.keys() & {"resume", *cells[0].own_entries(Path())}:
        raise InputError(f"--set {name}: the benchmark sets {name} itself; see --seeds, --steps, --output_dir.")
    return cells


def _file(recipe: str) -> str:
    path = Path(recipe).resolve()
    if not path.is_file():
        raise InputError(f"{recipe} does not exist: give a config file, or '{DEFAULT}'.")
    return str(path)
