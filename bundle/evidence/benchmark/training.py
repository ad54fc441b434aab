"""Training and evaluating all cells of a benchmark, with a table after each."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bundle.evidence.benchmark.table import rows_of
from bundle.evidence.shared.budget import steps_within
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.result import result_of
from bundle.evidence.shared.defaults import DEFAULT
from bundle.evidence.shared.lookup_table.recipe import lookup_table_result
from bundle.evidence.shared.machine import describe_machine
from bundle.evidence.shared.parallel import run_all
from bundle.evidence.shared.recipes import threads_of
from bundle.shared.markdown import table
from scripts.whole import write_text

Result = dict[str, Any]  # see `result_of`


@dataclass(frozen=True)
class Benchmark:
    """What is compared, and where its results lie.

    Attributes:
        cells: at least one, all of one data set.
        with_table: whether the lookup table stands beside them.
        evaluation: of all cells.
        out: folder of all results.
        jobs: trainings at a time.
    """

    cells: list[Cell]
    with_table: bool
    evaluation: Evaluation
    out: Path
    jobs: int = 1

    @property
    def recipes(self) -> list[str]:
        """Names, in order."""
        return list(dict.fromkeys(cell.recipe for cell in self.cells))

    @property
    def reference(self) -> str:
        """The recipe that the others are compared with."""
        return DEFAULT if DEFAULT in self.recipes else self.recipes[0]

    @property
    def longest(self) -> str:
        """The budget that is drawn."""
        return max(self.cells, key=lambda cell: cell.steps).budget

    def within(self, minutes: float) -> Benchmark:
        """The same with as many steps as each recipe makes in so much processor time, which is measured.

        Raises:
            InputError: a training failed, or took no time.
        """
        threads = threads_of(self.jobs)
        of_a_seed = [cell for cell in self.cells if cell.seed == self.cells[0].seed]
        steps = {cell.recipe: steps_within(minutes, cell, self.out, threads) for cell in of_a_seed}
        cells = [dataclasses.replace(cell, steps=steps[cell.recipe], minutes=minutes) for cell in self.cells]
        return dataclasses.replace(self, cells=cells)


def train_all(benchmark: Benchmark) -> list[Result]:
    """Run what has no result yet; print the table and write ``benchmark.json`` after each.

    Returns:
        The results of the lookup table, then those of the cells in their order.

    Raises:
        InputError: data that cannot be used; a run that failed.
    """
    cells, evaluation, out = benchmark.cells, benchmark.evaluation, benchmark.out
    threads = threads_of(benchmark.jobs)
    data = cells[0].dataset_dir
    budgets = dict.fromkeys(cell.budget for cell in cells) if benchmark.with_table else {}
    of_table = [lookup_table_result(data, budget, evaluation, out) for budget in budgets]
    known: dict[int, Result] = {}

    def so_far() -> list[Result]:
        return of_table + [known[number] for number in sorted(known)]

    def show(number: int, result: Result) -> None:
        known[number] = result
        print(f"\n{len(known)} of {len(cells)} cells, {evaluation.split} specimens\n", flush=True)
        print("\n".join(table(rows_of(so_far()))), flush=True)
        write_results(out, so_far(), [])

    tasks = {number: partial(result_of, cell, evaluation, out, threads) for number, cell in enumerate(cells)}
    run_all(tasks, benchmark.jobs, show)
    return so_far()


def write_results(out: Path, results: list[Result], comparison: list[dict[str, str]]) -> None:
    """Write ``benchmark.json``: the machine, all results, and how the recipes compare."""
    content = {"machine": describe_machine(), "results": results, "comparison": comparison}
    write_text(out / "benchmark.json", json.dumps(content, indent=2) + "\n")
