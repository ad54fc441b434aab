"""How long a training step waits for its patches."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ignite.handlers import BasicTimeProfiler

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.timing import wait_for_gpu
from bundle.evidence.speed.training.workflow import QUICK, training

FLOOR = 0.05


def measure(conditions: Conditions) -> dict[str, Any]:
    """Train as `configs/train.yaml` does and let Ignite's profiler say how the time is spent."""
    options: dict[str, Any] = {"iterations_per_epoch": 4} | QUICK if conditions.quick else {"iterations_per_epoch": 50}
    epochs = 2 if conditions.quick else 4
    rows = [_row(conditions.work / f"workers_{workers}", workers, epochs, options) for workers in (0, 1, 2)]
    default = rows[0]
    return {
        "title": f"Waiting for patches, {epochs} epochs of {options['iterations_per_epoch']} steps",
        "note": "0 workers, the default, cut patches between the steps. Augmentation is part of the step, where the "
        "device does it; here it counts as waiting all the same.",
        "floor": f"waiting and augmenting less than {100 * FLOOR:.0f} % of the time with the default",
        "rows": rows,
        "met": default["share"] < FLOOR,
    }


def _row(folder: Path, workers: int, epochs: int, options: dict[str, Any]) -> dict[str, Any]:
    workflow = training(
        folder, num_workers=workers, **{"train#trainer#max_epochs": epochs, "val_interval": epochs, **options}
    )
    trainer = workflow.parser.get_parsed_content("train#trainer")
    augmentation, augmenting = trainer.augmentation, 0.0

    def timed(batch: dict[str, Any]) -> dict[str, Any]:
        nonlocal augmenting
        wait_for_gpu()
        begun = time.perf_counter()
        batch = augmentation(batch)
        wait_for_gpu()
        augmenting += time.perf_counter() - begun
        return batch

    trainer.augmentation = timed
    profiler = BasicTimeProfiler()
    profiler.attach(trainer)
    workflow.run()
    times = profiler.get_results()
    waiting, processing = (times[f"{what}_stats"]["total"] for what in ("dataflow", "processing"))
    return {
        "worker processes": workers,
        "waiting": f"{waiting:.2f} s",
        "augmenting": f"{augmenting:.2f} s",
        "the rest of the steps": f"{processing - augmenting:.2f} s",
        "share": round((waiting + augmenting) / (waiting + processing), 3),
    }
