"""How long a training step waits for its patches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ignite.handlers import BasicTimeProfiler

from bundle.bench.training.workflow import QUICK, training

FLOOR = 0.05


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Train as `configs/train.yaml` does and let Ignite's profiler say how the time is spent."""
    options: dict[str, Any] = {"iterations_per_epoch": 4} | QUICK if quick else {"iterations_per_epoch": 50}
    epochs = 2 if quick else 4
    rows = []
    for workers in (0, 1, 2):
        folder = work / f"workers_{workers}"
        workflow = training(
            folder, num_workers=workers, **{"train#trainer#max_epochs": epochs, "val_interval": epochs, **options}
        )
        profiler = BasicTimeProfiler()
        profiler.attach(workflow.parser.get_parsed_content("train#trainer"))
        workflow.run()
        times = profiler.get_results()
        waiting, computing = (times[f"{what}_stats"]["total"] for what in ("dataflow", "processing"))
        rows.append(
            {
                "worker processes": workers,
                "waiting": f"{waiting:.1f} s",
                "computing": f"{computing:.1f} s",
                "share": round(waiting / (waiting + computing), 3),
            }
        )
    default = rows[0]
    return {
        "title": f"Waiting for patches, {epochs} epochs of {options['iterations_per_epoch']} steps",
        "note": "0 workers, the default, prepare patches between the steps.",
        "floor": f"less than {100 * FLOOR:.0f} % of the time with the default",
        "rows": rows,
        "met": default["share"] < FLOOR,
    }
