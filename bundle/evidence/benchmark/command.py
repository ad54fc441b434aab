"""The command ``benchmark``: train and evaluate recipes with several seeds, print a table."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

from bundle.evidence.benchmark.agreement import agreement_rows, draw_agreement
from bundle.evidence.benchmark.paired import compare
from bundle.evidence.benchmark.pareto import draw_pareto, speeds
from bundle.evidence.benchmark.scores import draw_scores
from bundle.evidence.benchmark.sections import draw_stains
from bundle.evidence.benchmark.table import dice_rows, rows_of
from bundle.evidence.shared.budget import steps_within
from bundle.evidence.shared.cell import (
    STEPS_PER_EPOCH,
    Cell,
    Evaluation,
    code_digest,
    lookup_table_result,
    result_of,
)
from bundle.evidence.shared.lookup_table import RECIPE as LOOKUP_TABLE
from bundle.evidence.shared.machine import describe_machine
from bundle.evidence.shared.metric_table import TITLES
from bundle.evidence.shared.parallel import run_all
from bundle.evidence.speed.command import table
from bundle.shared.places import OUTPUT, PHANTOM
from scripts.data import load_datalist
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.metrics.tissue_classifier import load_tissue_classifier

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
    """Run every cell that has no result yet, and print the table after each.

    Raises:
        InputError: arguments out of range; a run that failed.
    """
    cells = cells_of(args)
    evaluation = evaluation_of(args)
    out = writable_folder(args.out).resolve()
    threads = threads_of(args.jobs)
    times_as_fast = speeds(args.times, [cell.recipe for cell in cells]) if args.times else {}
    print(", ".join(f"{name} {value}" for name, value in describe_machine().items()), flush=True)
    with_table = LOOKUP_TABLE in args.recipes
    if args.minutes is not None:
        steps = {c.recipe: steps_within(args.minutes, c, out, threads) for c in cells if c.seed == args.seeds[0]}
        cells = [dataclasses.replace(cell, steps=steps[cell.recipe], minutes=args.minutes) for cell in cells]
    data = str(args.dataset_dir.resolve())
    budgets = dict.fromkeys(cell.budget for cell in cells)
    tables = [lookup_table_result(data, name, evaluation, out) for name in budgets] if with_table else []
    known: dict[int, dict[str, Any]] = {}

    def show(number: int, result: dict[str, Any]) -> None:
        known[number] = result
        so_far = tables + [known[number] for number in sorted(known)]
        print(f"\n{len(known)} of {len(cells)} cells, {args.split} specimens\n", flush=True)
        print("\n".join(table(rows_of(so_far))), flush=True)
        _write_json(out, so_far, [])

    run_all({n: partial(result_of, cell, evaluation, out, threads) for n, cell in enumerate(cells)}, args.jobs, show)
    results = tables + [known[number] for number in sorted(known)]
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
    measured = {metric for result in results for metric in result["metrics"] if metric in TITLES}
    incomplete = sum(not measured <= result["metrics"].keys() for result in results)
    if incomplete:
        print(
            f"\n{incomplete} of {len(results)} results lack a metric that others have: delete their "
            f"{evaluation.name}_scores.json."
        )
    longest = max(cells, key=lambda cell: cell.steps).budget
    drawn = [result for result in results if result["cell"]["budget"] == longest]
    draw_scores(out / "scores.png", drawn, reference)
    first = [cell for cell in cells if cell.budget == longest and cell.seed == args.seeds[0]]
    draw_stains(out / "sections.png", first, with_table, evaluation, out)
    print(f"\nScores in {out / 'scores.png'}, stains in {out / 'sections.png'}")
    if evaluation.tissue_classifier is not None:
        print("\nDice of the tissues found in the stains, and in the true sections\n")
        print("\n".join(table(dice_rows(drawn))))
        print("\nVirtual minus true sections, percentage points, with limits of agreement\n")
        print("\n".join(table(agreement_rows(drawn))))
        draw_agreement(out / "agreement.png", [result for result in drawn if result["cell"]["recipe"] == reference])
        print(f"\nAgreement of {reference} in {out / 'agreement.png'}")
    if times_as_fast:
        timed = [result for result in trainings if result["cell"]["budget"] == longest]
        draw_pareto(out / "pareto.png", timed, times_as_fast, reference)
        print(f"Quality against speed in {out / 'pareto.png'}")
    print(f"As JSON, with the commands, in {out / 'benchmark.json'}")
    return 0


def _write_json(out: Path, results: list[dict[str, Any]], comparison: list[dict[str, str]]) -> None:
    content = {"machine": describe_machine(), "results": results, "comparison": comparison}
    (out / "benchmark.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def cells_of(args: argparse.Namespace) -> list[Cell]:
    """Every combination of recipe, length and seed; all recipes of a seed before the next seed.

    With a budget of time the steps are yet to be found.

    Raises:
        InputError: steps that are no multiple of an epoch, a seed or a recipe's name that comes twice, a recipe without
            a file, an option that is no NAME=VALUE or not to be set.
    """
    if args.jobs < 1:
        raise InputError(f"--jobs {args.jobs}: give a positive number.")
    if args.minutes is not None and not args.minutes > 0:
        raise InputError(f"--minutes {args.minutes:g}: give a positive number.")
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
        for steps in (args.steps if args.minutes is None else [STEPS_PER_EPOCH])
        for name, overlay in overlays.items()
    ]
    for name in options.keys() & {"resume", *cells[0].own_entries(Path())}:
        raise InputError(f"--set {name}: the benchmark sets {name} itself; see --seeds, --steps, --out.")
    return cells


def threads_of(jobs: int) -> int | None:
    """Threads of each of several trainings at a time; None for as many as one takes by itself."""
    return max(1, (os.cpu_count() or 1) // jobs) if jobs > 1 else None


def evaluation_of(args: argparse.Namespace) -> Evaluation:
    """What the networks are evaluated on.

    Raises:
        InputError: the classifier's file is missing or holds something else; other data that cannot be used.
    """
    if args.tissue_classifier is not None:
        load_tissue_classifier(args.tissue_classifier)  # now rather than after the first training
    if args.evaluate_on is not None:
        load_datalist(args.evaluate_on, args.split)
    paths = (args.evaluate_on, args.tissue_classifier)
    return Evaluation(args.split, *(None if path is None else str(path.resolve()) for path in paths))


def _file(recipe: str) -> str:
    path = Path(recipe).resolve()
    if not path.is_file():
        raise InputError(f"{recipe} does not exist: give a config file, or '{DEFAULT}'.")
    return str(path)
