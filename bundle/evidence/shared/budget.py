"""How many steps a recipe may make in the processor time that all recipes have."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.kept import once
from bundle.evidence.shared.cell.training import train
from bundle.evidence.shared.defaults import STEPS_PER_EPOCH
from scripts.errors import InputError

TIMED = (50, 150)  # steps of the two trainings timed
EPOCHS = 10  # of each: some work is done after every tenth of a training


def steps_within(minutes: float, cell: Cell, out: Path, threads: int | None = None) -> int:
    """Time two short trainings of a cell's recipe, unless that was done, and return the steps that fill the minutes.

    Two trainings that differ in their steps alone tell what a step takes, and what start, validation and aligning the
    pairs take, however many steps there are.

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
        for steps in TIMED:
            shutil.rmtree(folder / str(steps), ignore_errors=True)
            (folder / str(steps)).mkdir(parents=True)
            short = dataclasses.replace(cell, steps=steps, steps_per_epoch=steps // EPOCHS)
            seconds.append(train(short, folder / str(steps), threads)["cpu_seconds"])
            shutil.rmtree(folder / str(steps))
        per_step = (seconds[1] - seconds[0]) / (TIMED[1] - TIMED[0])
        once_each = max(0.0, seconds[0] - TIMED[0] * per_step)
        return {"timed": timed, "seconds_per_step": round(per_step, 4), "seconds_once": round(once_each, 1)}

    timed = dataclasses.replace(cell, steps=0, seed=0).identity() | {"threads": threads}
    path = folder / "seconds_per_step.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("timed") != timed:
        path.unlink()
    found = once(path, measure)
    per_step, once_each = found["seconds_per_step"], found["seconds_once"]
    if per_step <= 0:
        path.unlink()
        raise InputError(
            f"{cell.recipe}: {TIMED[1] - TIMED[0]} steps took no measurable time; give --steps instead of --minutes."
        )
    return max(1, int((60 * minutes - once_each) / per_step / STEPS_PER_EPOCH)) * STEPS_PER_EPOCH
