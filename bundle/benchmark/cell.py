"""One cell of a benchmark: a recipe trained with a seed, and evaluated."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bundle.metric_table import read_summary
from scripts.errors import InputError
from scripts.volume.staining import write_text

ROOT = Path(__file__).resolve().parents[2]
STEPS_PER_EPOCH = 50


@dataclass(frozen=True)
class Cell:
    """What decides a result.

    Attributes:
        recipe: name.
        overlay: config file of what differs from `configs/train.yaml`, None for nothing.
        seed: of the training.
        steps: of the training, a multiple of 50.
        split: evaluated on.
        dataset_dir: with ``datalist.json``.
        options: further entries of the training's config, as on its command line.
    """

    recipe: str
    overlay: str | None
    seed: int
    steps: int
    split: str
    dataset_dir: str
    options: dict[str, str] = field(default_factory=dict)

    def folder(self, out: Path) -> Path:
        """Where all of it lies."""
        return out / f"{self.recipe}_{self.steps}_steps" / f"seed_{self.seed}"

    def commands(self, folder: Path) -> dict[str, list[str]]:
        """The command lines of its training and of its evaluation, without the interpreter."""
        epochs = self.steps // STEPS_PER_EPOCH
        train = {
            "dataset_dir": self.dataset_dir,
            "output_dir": str(folder / "training"),
            "seed": str(self.seed),
            "iterations_per_epoch": str(STEPS_PER_EPOCH),
            "train#trainer#max_epochs": str(epochs),
            "val_interval": str(epochs),
            **self.options,
        }
        if (folder / "training" / "checkpoint.pt").is_file():
            train["resume"] = "true"
        evaluate = {
            "dataset_dir": self.dataset_dir,
            "output_dir": str(folder / "evaluation"),
            "checkpoint": str(folder / "training" / "model.pt"),
            "split": self.split,
        }
        return {
            "training": self._words("training", "train.yaml", train),
            "evaluating": self._words("evaluating", "evaluate.yaml", evaluate),
        }

    def _words(self, run_id: str, config: str, options: dict[str, str]) -> list[str]:
        files = [str(ROOT / "configs" / config)] + ([self.overlay] if self.overlay else [])
        named = files[0] if len(files) == 1 else str(files)
        words = ["-m", "monai.bundle", "run", run_id, "--config_file", named, "--bundle_root", str(ROOT)]
        return words + [word for name, value in options.items() for word in (f"--{name}", value)]


def result_of(cell: Cell, out: Path) -> dict[str, Any]:
    """Train and evaluate a cell, unless that is done already, and return what is known of it.

    A training that was stopped goes on at its last epoch; its time is then not known.

    Returns:
        ``cell``, ``commands``, ``seconds`` and ``cpu_seconds`` of the training or None, and ``metrics``: the mean over
        the images of the split of each.

    Raises:
        InputError: the folder holds the result of another cell; training or evaluation failed.
    """
    folder = cell.folder(out)
    path = folder / "cell.json"
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["cell"] != asdict(cell):
            raise InputError(f"{folder} holds the result of another cell, see {path}: give another --output_dir.")
        return known
    folder.mkdir(parents=True, exist_ok=True)
    commands = cell.commands(folder)
    whole = not (folder / "training").exists()
    begun, cpu = time.monotonic(), _cpu_seconds()
    _run(commands["training"], folder / "training.log")
    seconds, cpu_seconds = time.monotonic() - begun, _cpu_seconds() - cpu
    shutil.rmtree(folder / "evaluation", ignore_errors=True)
    _run(commands["evaluating"], folder / "evaluating.log")
    summary = read_summary(folder / "evaluation" / "metrics_summary.csv")
    result = {
        "cell": asdict(cell),
        "commands": [shlex.join(["python", *words]) for words in commands.values()],
        "seconds": round(seconds, 1) if whole else None,
        "cpu_seconds": round(cpu_seconds, 1) if whole else None,
        "metrics": {name: mean for name, (mean, _) in summary.items()},
    }
    write_text(path, json.dumps(result, indent=2) + "\n")
    return result


def _run(words: list[str], log: Path) -> None:
    with log.open("w", encoding="utf-8") as file:
        status = subprocess.run([sys.executable, *words], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT).returncode
    if status:
        raise InputError(f"A run of the benchmark ended with status {status}, see the end of {log}.")


def _cpu_seconds() -> float:
    """Processor time of all processes that this one has started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
