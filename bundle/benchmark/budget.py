"""How many steps a recipe may make in the processor time that all recipes have."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from bundle.benchmark.cell import STEPS_PER_EPOCH, Cell, once, train
from scripts.errors import InputError

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

    Raises:
        InputError: a training failed, or took no time.
    """
    folder = out / f"{cell.recipe}_timed"

    def measure() -> dict[str, Any]:
        seconds = []
        for steps in (STEPS_PER_EPOCH, STEPS_PER_EPOCH + TIMED):
            shutil.rmtree(folder / str(steps), ignore_errors=True)
            (folder / str(steps)).mkdir(parents=True)
            seconds.append(train(dataclasses.replace(cell, steps=steps), folder / str(steps), threads)["cpu_seconds"])
            shutil.rmtree(folder / str(steps))
        return {"timed": timed, "seconds_per_step": round((seconds[1] - seconds[0]) / TIMED, 4)}

    timed = dataclasses.replace(cell, steps=0, seed=0).identity() | {"threads": threads}
    path = folder / "seconds_per_step.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("timed") != timed:
        path.unlink()
    per_step = once(path, measure)["seconds_per_step"]
    if per_step <= 0:
        path.unlink()
        raise InputError(f"{cell.recipe}: {TIMED} steps took no measurable time; give --steps instead of --minutes.")
    return max(1, int(60 * minutes / per_step / STEPS_PER_EPOCH)) * STEPS_PER_EPOCH
