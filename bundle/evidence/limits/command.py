"""The command ``limits``: the stain of fewer or misregistered pairs, of unseen materials, of poor scans."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bundle.evidence.benchmark.command import DEFAULT, cells_of, evaluation_of, threads_of
from bundle.evidence.limits.curves import draw_curves, rows_of
from bundle.evidence.limits.points import LIMITS, Point
from bundle.evidence.shared.cell import lookup_table_result, result_of
from bundle.evidence.shared.lookup_table import RECIPE as LOOKUP_TABLE
from bundle.evidence.shared.machine import describe_machine
from bundle.evidence.shared.metric_table import TITLES
from bundle.evidence.shared.parallel import run_all
from bundle.evidence.speed.command import table
from bundle.shared.places import OUTPUT, PHANTOM
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("limit", choices=list(LIMITS), help="what is made worse")
    parser.add_argument("recipes", nargs="*", default=[DEFAULT], help="as of `benchmark`")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="one training for each")
    parser.add_argument("--steps", type=int, nargs=1, default=[800], help="length of training, a multiple of 50")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, which share the cores")
    parser.add_argument("--split", choices=["validation", "test"], default="test", help="what to evaluate on")
    parser.add_argument("--dataset_dir", type=Path, default=PHANTOM, help="a phantom")
    parser.add_argument(
        "--tissue_classifier", type=Path, help="of `python -m bundle tissue`: evaluate tissues and histomorphometry too"
    )
    parser.add_argument("--out", type=Path, default=OUTPUT / "limits", help="folder for results")
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="further entries of the training's config"
    )
    parser.set_defaults(minutes=None, evaluate_on=None)


def run(args: argparse.Namespace) -> int:
    """Make the data of every point, train and evaluate what has no result yet, print the table and draw the curves.

    Raises:
        InputError: arguments out of range; data that are no phantom or too small; a run that failed.
    """
    points_of, axis = LIMITS[args.limit]
    if set(args.recipes) == {LOOKUP_TABLE}:
        raise InputError(f"Name a recipe, such as '{DEFAULT}'.")
    evaluation, out = evaluation_of(args), writable_folder(args.out).resolve()
    threads = threads_of(args.jobs)
    base = args.dataset_dir.resolve()
    tasks: list[tuple[Point, str, Callable[[], dict[str, Any]]]] = []
    in_turn: dict[tuple[Path, str, int | None], list[int]] = {}  # points may share a training, which is made once
    for point in points_of(base, args.split, out / "data"):
        judged = evaluation.on(point.evaluate_on, point.train_on)
        folder = out / "trained" / point.train_on.name
        args.dataset_dir = point.train_on
        for cell in cells_of(args):
            in_turn.setdefault((point.train_on, cell.recipe, cell.seed), []).append(len(tasks))
            tasks.append((point, cell.recipe, partial(result_of, cell, judged, folder, threads)))
        if LOOKUP_TABLE in args.recipes:
            in_turn.setdefault((point.train_on, LOOKUP_TABLE, None), []).append(len(tasks))
            budget = f"{args.steps[0]} steps"
            fit = partial(lookup_table_result, str(point.train_on), budget, judged, folder)
            tasks.append((point, LOOKUP_TABLE, fit))
    results: dict[int, dict[str, Any]] = {}

    def make(numbers: list[int]) -> None:
        for number in numbers:
            results[number] = tasks[number][2]()
            print(f"{len(results)} of {len(tasks)} results", flush=True)

    run_all({numbers[0]: partial(make, numbers) for numbers in in_turn.values()}, args.jobs)
    found = [_summary(point, recipe, results[number]) for number, (point, recipe, _) in enumerate(tasks)]
    rows = rows_of(found, axis)
    print("\n" + "\n".join(table(rows)))
    content = {"machine": describe_machine(), "limit": args.limit, "split": args.split, "points": found}
    (out / f"{args.limit}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draw_curves(out / f"{args.limit}.png", found, axis)
    print(f"\nCurves in {out / f'{args.limit}.png'}, with the commands in {out / f'{args.limit}.json'}")
    return 0


def _summary(point: Point, recipe: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result as a point of a curve, over the specimens that count."""
    images = [i for i in result["images"] if point.specimens is None or i["specimen"] in point.specimens]
    metrics = {}
    for name in TITLES:
        values = [image[name] for image in images if name in image]
        if values:
            metrics[name] = sum(values) / len(values)
    return {
        "recipe": f"{recipe} {point.curve}".strip(),
        "x": point.x,
        "seed": result["cell"]["seed"],
        "metrics": metrics,
        "command": result.get("command"),
    }
