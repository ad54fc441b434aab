"""One cell of a benchmark: a recipe trained with a seed, and evaluated."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bundle.benchmark import lookup_table
from bundle.metric_table import read_per_image, read_summary
from scripts.checkpoint import read_checkpoint
from scripts.errors import InputError
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.handlers.metrics_csv import PER_IMAGE, SUMMARY
from scripts.volume.staining import write_text

ROOT = Path(__file__).resolve().parents[2]
TRAIN, EVALUATE = ROOT / "configs" / "train.yaml", ROOT / "configs" / "evaluate.yaml"
GENERATOR = "network_def"
STEPS_PER_EPOCH = 50


@dataclass(frozen=True)
class Cell:
    """What decides which weights a training ends with.

    Attributes:
        recipe: name.
        overlay: config file of what differs from `configs/train.yaml`, None for nothing.
        seed: of the training.
        steps: of the training, a multiple of 50.
        dataset_dir: with ``datalist.json``.
        options: further entries of the training's config, as on its command line.
    """

    recipe: str
    overlay: str | None
    seed: int
    steps: int
    dataset_dir: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Of the training."""
        return self.steps // STEPS_PER_EPOCH

    def folder(self, out: Path) -> Path:
        """Where all of it lies."""
        return out / f"{self.recipe}_{self.steps}_steps" / f"seed_{self.seed}"

    def identity(self) -> dict[str, Any]:
        """The cell with a digest of the configs that it depends on: a recipe that was edited is another one."""
        files = [TRAIN] + ([Path(self.overlay)] if self.overlay else [])
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
        return asdict(self) | {"digest": digest}

    def training(self, folder: Path) -> list[str]:
        """Words of the command that trains it, without the interpreter."""
        overlay = Path(self.overlay) if self.overlay else None
        return _words("training", TRAIN, overlay, self.own_entries(folder) | self.options)

    def own_entries(self, folder: Path) -> dict[str, str]:
        """Entries of the training's config that the cell sets, and `options` may not."""
        return {
            "dataset_dir": self.dataset_dir,
            "output_dir": str(folder / "training"),
            "seed": str(self.seed),
            "iterations_per_epoch": str(STEPS_PER_EPOCH),
            "train#trainer#max_epochs": str(self.epochs),
            "val_interval": str(self.epochs),
        }

    def evaluating(self, folder: Path, split: str) -> list[str]:
        """Words of the command that evaluates it; of its recipe it knows the generator, which `folder` describes."""
        options = {
            "dataset_dir": self.dataset_dir,
            "output_dir": str(folder / split),
            "checkpoint": str(folder / "training" / "model.pt"),
            "split": split,
            **{name: value for name, value in self.options.items() if name.startswith(GENERATOR)},
        }
        return _words("evaluating", EVALUATE, folder / "generator.yaml", options)

    def generator(self) -> dict[str, Any]:
        """Entries of the overlay that shape the generator."""
        overlay = yaml.safe_load(Path(self.overlay).read_text(encoding="utf-8")) if self.overlay else None
        return {name: value for name, value in (overlay or {}).items() if name.lstrip("+").startswith(GENERATOR)}


def result_of(cell: Cell, split: str, out: Path) -> dict[str, Any]:
    """Train and evaluate a cell, unless that is done already, and return what is known of it.

    A training that was stopped goes on at its last epoch; its time is then not known.

    Args:
        cell: what to train.
        split: what to evaluate on.
        out: folder of all results.

    Returns:
        ``cell``, ``command``, ``code`` (see `code_digest`), ``seconds`` and ``cpu_seconds`` of the training or None;
        ``split``, ``metrics``: the mean over the images of the split of each, and ``images``: all of each image.

    Raises:
        InputError: the folder holds another cell; training or evaluation failed.
    """
    folder = cell.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    if _once(folder / "cell.json", cell.identity) != cell.identity():
        raise InputError(
            f"{folder} holds another cell, or its recipe or train.yaml was edited since, see its cell.json: "
            "give another --output_dir."
        )
    training = _once(folder / "training.json", lambda: _train(cell, folder))
    return (
        {"cell": asdict(cell)}
        | training
        | _once(folder / f"{split}_scores.json", lambda: _evaluate(cell, folder, split))
    )


def lookup_table_result(dataset_dir: str, steps: int, split: str, out: Path) -> dict[str, Any]:
    """Fit and evaluate the lookup table, unless that is done already: one fit serves beside trainings of any length.

    Args:
        dataset_dir: with ``datalist.json``.
        steps: of the trainings that it is compared with.
        split: what to evaluate on.
        out: folder of all results.

    Returns:
        What `result_of` returns, but for the code and with a cell whose seed is None.

    Raises:
        InputError: the data cannot be used; the folder holds the table of other data.
    """
    folder, data = out / lookup_table.RECIPE, Path(dataset_dir)
    fit = _once(folder / "training.json", lambda: lookup_table.fit(data, folder))
    if fit["dataset_dir"] != dataset_dir:
        raise InputError(f"{folder} holds the table of {fit['dataset_dir']}: give another --output_dir.")

    def evaluate() -> dict[str, Any]:
        lookup_table.evaluate(data, split, folder)
        return {"split": split} | _scores(folder / split)

    cell = {"recipe": lookup_table.RECIPE, "seed": None, "steps": steps}
    return {"cell": cell} | fit | _once(folder / f"{split}_scores.json", evaluate)


def code_digest() -> str:
    """Digest of the package that trains: results of another one are told, not refused, as most edits change nothing."""
    files = sorted((ROOT / "scripts").rglob("*.py"))
    texts = [str(path.relative_to(ROOT)).encode() + path.read_bytes() for path in files]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def _once(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not path.is_file():
        write_text(path, json.dumps(make(), indent=2) + "\n")
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return known


def _train(cell: Cell, folder: Path) -> dict[str, Any]:
    command = cell.training(folder)
    whole = not (folder / "training").exists()
    begun, cpu = time.monotonic(), _cpu_seconds()
    if _epochs_trained(folder / "training") < cell.epochs:
        stopped = (folder / "training" / CHECKPOINT).is_file()
        _run([*command, *(["--resume", "true"] if stopped else [])], folder / "training.log")
    seconds, cpu_seconds = time.monotonic() - begun, _cpu_seconds() - cpu
    return {
        "command": shlex.join(["python", *command]),
        "code": code_digest(),
        "seconds": round(seconds, 1) if whole else None,
        "cpu_seconds": round(cpu_seconds, 1) if whole else None,
    }


def _epochs_trained(training: Path) -> int:
    path = training / CHECKPOINT
    if not path.is_file():
        return 0
    state = read_checkpoint(path)["trainer"]
    return int(state["iteration"] // state["epoch_length"])


def _evaluate(cell: Cell, folder: Path, split: str) -> dict[str, Any]:
    shutil.rmtree(folder / split, ignore_errors=True)
    (folder / "generator.yaml").write_text(yaml.safe_dump(cell.generator()), encoding="utf-8")
    _run(cell.evaluating(folder, split), folder / f"{split}.log")
    return {"split": split} | _scores(folder / split)


def _scores(folder: Path) -> dict[str, Any]:
    summary = read_summary(folder / SUMMARY)
    return {
        "metrics": {name: mean for name, (mean, _) in summary.items()},
        "images": read_per_image(folder / PER_IMAGE),
    }


def _words(run_id: str, config: Path, overlay: Path | None, options: dict[str, str]) -> list[str]:
    files = str(config) if overlay is None else str([str(config), str(overlay)])
    words = ["-m", "monai.bundle", "run", run_id, "--config_file", files, "--bundle_root", str(ROOT)]
    return words + [word for name, value in options.items() for word in (f"--{name}", value)]


def _run(words: list[str], log: Path) -> None:
    with log.open("w", encoding="utf-8") as file:
        status = subprocess.run([sys.executable, *words], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT).returncode
    if status:
        raise InputError(f"A run of the benchmark ended with status {status}, see the end of {log}.")


def _cpu_seconds() -> float:
    """Processor time of all processes that this one has started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system
