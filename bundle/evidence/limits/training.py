"""Training and evaluating the points of a curve."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bundle.evidence.limits.points import Point
from bundle.evidence.shared.cell.cell import budget
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.result import result_of
from bundle.evidence.shared.defaults import LOOKUP_TABLE
from bundle.evidence.shared.lookup_table.recipe import lookup_table_result
from bundle.evidence.shared.metric_table import TITLES
from bundle.evidence.shared.parallel import run_all
from bundle.evidence.shared.recipes import Recipes, cells_of, threads_of


@dataclass(frozen=True)
class Trainings:
    """What is trained at each point.

    Attributes:
        recipes: at least one.
        seeds: one training for each.
        steps: of a training, a multiple of an epoch.
        options: further entries of the trainings' config.
        evaluation: of all trainings; its data are those of the point.
    """

    recipes: Recipes
    seeds: Sequence[int]
    steps: int
    options: Mapping[str, str]
    evaluation: Evaluation


@dataclass(frozen=True)
class Task:
    """One result to make.

    Attributes:
        point: of the curve.
        recipe: name.
        trained: what tells its training from others: data, recipe and seed.
        make: trains and evaluates; see `result_of`.
    """

    point: Point
    recipe: str
    trained: tuple[Path, str, int | None]
    make: Callable[[], dict[str, Any]]


def train_points(points: Iterable[Point], trainings: Trainings, trained: Path, jobs: int) -> list[dict[str, Any]]:
    """Train and evaluate at each point what has no result yet.

    Args:
        points: of a limit.
        trainings: at each point.
        trained: folder of the trainings, one below it for each data set.
        jobs: trainings at a time.

    Returns:
        ``recipe`` with the curve's name, ``x``, ``seed``, ``metrics`` and ``command`` of each result.

    Raises:
        InputError: seeds, steps, options or jobs out of range; a run that failed.
    """
    threads = threads_of(jobs)
    tasks = [task for point in points for task in _tasks(point, trainings, trained, threads)]
    in_turn: dict[tuple[Path, str, int | None], list[int]] = {}  # points may share a training, which is made once
    for number, task in enumerate(tasks):
        in_turn.setdefault(task.trained, []).append(number)
    results: dict[int, dict[str, Any]] = {}

    def make(numbers: list[int]) -> None:
        for number in numbers:
            results[number] = tasks[number].make()
            print(f"{len(results)} of {len(tasks)} results", flush=True)

    run_all({numbers[0]: partial(make, numbers) for numbers in in_turn.values()}, jobs)
    return [_summary(task.point, task.recipe, results[number]) for number, task in enumerate(tasks)]


def _tasks(point: Point, trainings: Trainings, trained: Path, threads: int | None) -> Iterator[Task]:
    judged = trainings.evaluation.on(point.evaluate_on, point.train_on)
    folder = trained / point.train_on.name
    cells = cells_of(trainings.recipes, trainings.seeds, [trainings.steps], point.train_on, trainings.options)
    for cell in cells:
        make = partial(result_of, cell, judged, folder, threads)
        yield Task(point, cell.recipe, (point.train_on, cell.recipe, cell.seed), make)
    if trainings.recipes.lookup_table:
        of_all = budget(trainings.steps, None)
        make = partial(lookup_table_result, str(point.train_on), of_all, judged, folder)
        yield Task(point, LOOKUP_TABLE, (point.train_on, LOOKUP_TABLE, None), make)


def _summary(point: Point, recipe: str, result: dict[str, Any]) -> dict[str, Any]:
    """A result as a point of a curve."""
    return {
        "recipe": f"{recipe} {point.curve}".strip(),
        "x": point.x,
        "seed": result["cell"]["seed"],
        "metrics": counted(point, result["images"]),
        "command": result.get("command"),
    }


def counted(point: Point, images: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Means of the scores over the images of those specimens that count at a point."""
    judged = [image for image in images if point.specimens is None or image["specimen"] in point.specimens]
    metrics = {}
    for name in TITLES:
        values = [image[name] for image in judged if name in image]
        if values:
            metrics[name] = sum(values) / len(values)
    return metrics
