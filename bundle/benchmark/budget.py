"""How many steps a recipe may make in the processor time that all recipes have."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from bundle.benchmark.cell import STEPS_PER_EPOCH, Cell, once, train

TIMED = 100  # steps, beyond those of a training that only starts and ends


def steps_within(minutes: float, cell: Cell, out: Path, threads: int | None = None) -> int:
    """Time two short trainings of a cell's recipe, unless that was done, and return the steps that fill the minutes.

    A training that is twice as long tells what a step takes, whatever start and validation take.

    Args:
        minutes: of processor time.
        cell: whose recipe, data and options.
        out: folder of all results.
        threads: as of `result_of`.

    Returns:
        A multiple of an epoch's steps, at least one epoch.
    """
    folder = out / f"{cell.recipe}_timed"

    def measure() -> dict[str, float]:
        seconds = []
        for steps in (STEPS_PER_EPOCH, STEPS_PER_EPOCH + TIMED):
            shutil.rmtree(folder / str(steps), ignore_errors=True)
            (folder / str(steps)).mkdir(parents=True)
            seconds.append(train(dataclasses.replace(cell, steps=steps), folder / str(steps), threads)["cpu_seconds"])
            shutil.rmtree(folder / str(steps))
        return {"seconds_per_step": round((seconds[1] - seconds[0]) / TIMED, 4)}

    per_step = once(folder / "seconds_per_step.json", measure)["seconds_per_step"]
    return max(1, int(60 * minutes / per_step / STEPS_PER_EPOCH)) * STEPS_PER_EPOCH
