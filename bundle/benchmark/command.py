"""The command ``benchmark``: train and evaluate recipes with several seeds, print a table."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bundle.bench.command import table
from bundle.bench.machine import describe_machine
from bundle.benchmark.cell import ROOT, STEPS_PER_EPOCH, Cell, code_digest, lookup_table_result, result_of
from bundle.benchmark.lookup_table import RECIPE as LOOKUP_TABLE
from bundle.benchmark.paired import compare
from bundle.benchmark.pareto import draw_pareto, speeds
from bundle.benchmark.scores import draw_scores
from bundle.benchmark.sections import draw_stains
from bundle.benchmark.table import rows_of
from bundle.phantom.command import DEFAULT_OUT as PHANTOM
from scripts.errors import InputError
from scripts.output_folder import writable_folder

DEFAULT = "default"


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
    with_table = LOOKUP_TABLE in args.recipes
    data = str(args.dataset_dir.resolve())
    results = [lookup_table_result(data, steps, args.split, out) for steps in args.steps] if with_table else []
    for number, cell in enumerate(cells, start=1):
        results.append(result_of(cell, args.split, out))
        print(f"\n{number} of {len(cells)} cells, {args.split} specimens\n", flush=True)
        print("\n".join(table(rows_of(results))), flush=True)
        _write_json(out, results, [])
    reference = DEFAULT if DEFAULT in args.recipes else cells[0].recipe
    comparison = compare(results, reference)
    if comparison:
        print(f"\nMinus {reference}: means of the specimens' means over slices and seeds; p not corrected\n")
        print("\n".join(table(comparison)))
    _write_json(out, results, comparison)
    trainings = [result for result in results if result["cell"]["seed"] is not None]
    code = code_digest()
    older = sum(result.get("code") != code for result in trainings)
    if older:
        print(f"\n{older} of {len(trainings)} trainings ran with other code; delete their folders to repeat them.")
    known = {metric for result in results for metric in result["metrics"]}
    incomplete = sum(not known <= result["metrics"].keys() for result in results)
    if incomplete:
        print(
            f"\n{incomplete} of {len(results)} results lack a metric that others have: delete their "
            f"{args.split}_scores.json."
        )
    longest = max(args.steps)
    draw_scores(out / "scores.png", [result for result in results if result["cell"]["steps"] == longest], reference)
    first = [cell for cell in cells if cell.steps == longest and cell.seed == args.seeds[0]]
    draw_stains(out / "sections.png", first, with_table, args.split, out)
    print(f"\nScores in {out / 'scores.png'}, stains in {out / 'sections.png'}")
    if times_as_fast:
        timed = [result for result in trainings if result["cell"]["steps"] == longest]
        draw_pareto(out / "pareto.png", timed, times_as_fast, reference)
        print(f"Quality against speed in {out / 'pareto.png'}")
    print(f"As JSON, with the commands, in {out / 'benchmark.json'}")
    return 0


def _write_json(out: Path, results: list[dict[str, Any]], comparison: list[dict[str, str]]) -> None:
    content = {"machine": describe_machine(), "results": results, "comparison": comparison}
    (out / "benchmark.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


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
        if recipe == LOOKUP_TABLE:
            continue  # it is not trained
        name = Path(recipe).stem
        if name in overlays or (name in (DEFAULT, LOOKUP_TABLE) and recipe != name):
            raise InputError(f"{recipe}: another recipe is named '{name}' already; rename the file.")
        overlays[name] = None if recipe == DEFAULT else _file(recipe)
    if not overlays:
        raise InputError(
            "The lookup table alone is no comparison: name a recipe besides, or see `python -m bundle lut`."
        )
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
