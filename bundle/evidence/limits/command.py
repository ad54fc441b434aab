"""The command ``limits``: the stain of fewer or misregistered pairs, of unseen materials, of poor scans."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bundle.evidence.limits.axes import AXES
from bundle.evidence.shared.defaults import DEFAULT
from bundle.shared.markdown import table
from bundle.shared.places import OUTPUT, PHANTOM

if TYPE_CHECKING:
    from bundle.evidence.limits.points import Point


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("limit", choices=list(AXES), help="what is made worse")
    parser.add_argument("recipes", nargs="*", default=[DEFAULT], help="as of `benchmark`")
    parser.add_argument("--checkpoint", type=Path, help="weights to judge as they are, in place of trained recipes")
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


def run(args: argparse.Namespace) -> int:
    """Make the data of every point, judge what has no result yet, print the table and draw the curves.

    Raises:
        InputError: arguments out of range; data that are no phantom or too small; a run that failed.
    """
    from bundle.evidence.limits.curves import draw_curves, rows_of
    from bundle.evidence.limits.points import LIMITS, Basis
    from bundle.evidence.shared.machine import describe_machine
    from scripts.files.output_folder import writable_folder
    from scripts.weights.caution import said_in
    from scripts.weights.origin import describe_weights
    from scripts.whole import write_text

    axis = AXES[args.limit]
    out = writable_folder(args.out).resolve()
    points = LIMITS[args.limit](Basis(args.dataset_dir.resolve(), args.split, out / "data"))
    found = _judge(args, points, out)
    print("\n" + "\n".join(table(rows_of(found, axis))))
    content = {"machine": describe_machine(), "limit": args.limit, "split": args.split, "points": found}
    if args.checkpoint is not None:
        content["weights"] = describe_weights(args.checkpoint, None, said_in(args.checkpoint))
    write_text(out / f"{args.limit}.json", json.dumps(content, indent=2) + "\n")
    draw_curves(out / f"{args.limit}.png", found, axis)
    print(f"\nCurves in {out / f'{args.limit}.png'}, with the commands in {out / f'{args.limit}.json'}")
    return 0


def _judge(args: argparse.Namespace, points: Iterator[Point], out: Path) -> list[dict[str, Any]]:
    """Scores at all points: of the weights that were given, or of recipes that are trained."""
    from bundle.evidence.limits.given import judge_points
    from bundle.evidence.limits.training import Trainings, train_points
    from bundle.evidence.shared.recipes import evaluation_of, read_options, read_recipes
    from scripts.errors import InputError

    evaluation = evaluation_of(args.split, tissue_classifier=args.tissue_classifier)
    if args.checkpoint is not None:
        if args.recipes != [DEFAULT] or args.set:
            raise InputError("--checkpoint trains nothing: leave out the recipes and --set.")
        return judge_points(points, args.checkpoint.resolve(), evaluation, out / "given")
    recipes = read_recipes(args.recipes)
    if not recipes.overlays:
        raise InputError(f"Name a recipe, such as '{DEFAULT}'.")
    trainings = Trainings(recipes, args.seeds, args.steps[0], read_options(args.set), evaluation)
    return train_points(points, trainings, out / "trained", args.jobs)
