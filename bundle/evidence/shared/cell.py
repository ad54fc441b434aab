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
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from monai.bundle import ConfigParser

from bundle.evidence.shared import lookup_table
from bundle.evidence.shared.metric_table import read_per_image, read_summary
from bundle.evidence.shared.parallel import ended, started
from bundle.shared.places import ROOT
from bundle.shared.trained_network import EVALUATE
from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.handlers.metrics_csv import PER_IMAGE, SUMMARY
from scripts.weights.checkpoint import read_checkpoint
from scripts.whole import write_text

TRAIN = ROOT / "configs" / "train.yaml"
GENERATOR = "network_def"
STEPS_PER_EPOCH = 50


@dataclass(frozen=True)
class Cell:
    """What decides which weights a training ends with.

    Attributes:
        recipe: name.
        overlay: config file of what differs from `configs/train.yaml`, None for nothing.
        seed: of the training.
        steps: of the training, a multiple of those of an epoch.
        dataset_dir: with ``datalist.json``.
        options: further entries of the training's config, as on its command line.
        minutes: of processor time that all recipes have, if the steps follow from it.
        steps_per_epoch: steps between two checkpoints.
    """

    recipe: str
    overlay: str | None
    seed: int
    steps: int
    dataset_dir: str
    options: dict[str, str] = field(default_factory=dict)
    minutes: float | None = None
    steps_per_epoch: int = STEPS_PER_EPOCH

    @property
    def epochs(self) -> int:
        """Of the training."""
        return self.steps // self.steps_per_epoch

    @property
    def budget(self) -> str:
        """What recipes that are compared have in common."""
        return budget(self.steps, self.minutes)

    def folder(self, out: Path) -> Path:
        """Where all of it lies."""
        return out / f"{self.recipe}_{self.budget.replace(' ', '_')}" / f"seed_{self.seed}"

    def description(self) -> dict[str, Any]:
        """For a result."""
        return asdict(self) | {"budget": self.budget}

    def identity(self) -> dict[str, Any]:
        """The cell with digests of the configs and data that it depends on: edited ones are others."""
        files = [TRAIN] + ([Path(self.overlay)] if self.overlay else [])
        config = json.dumps(ConfigParser.load_config_files(files), sort_keys=True)  # comments decide nothing
        digest = hashlib.sha256(config.encode()).hexdigest()
        return asdict(self) | {"digest": digest, "data": data_digest(self.dataset_dir)}

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
            "iterations_per_epoch": str(self.steps_per_epoch),
            "train#trainer#max_epochs": str(self.epochs),
            "val_interval": str(self.epochs),
        }

    def evaluating(self, folder: Path, evaluation: Evaluation) -> list[str]:
        """Words of the command that evaluates it; of its recipe it knows the generator, which `folder` describes."""
        classifier = evaluation.tissue_classifier
        options = {
            "dataset_dir": evaluation.dataset_dir or self.dataset_dir,
            "output_dir": str(folder / evaluation.name),
            "checkpoint": str(folder / "training" / "model.pt"),
            "split": evaluation.split,
            "overwrite": "true",  # the cell knows when to evaluate anew
            **({} if classifier is None else {"tissue_classifier": classifier}),
            **{name: value for name, value in self.options.items() if name.startswith(GENERATOR)},
        }
        return _words("evaluating", EVALUATE, folder / "generator.yaml", options)

    def generator(self) -> dict[str, Any]:
        """Entries of the overlay that shape the generator."""
        overlay = yaml.safe_load(Path(self.overlay).read_text(encoding="utf-8")) if self.overlay else None
        return {name: value for name, value in (overlay or {}).items() if name.lstrip("+").startswith(GENERATOR)}


@dataclass(frozen=True)
class Evaluation:
    """What trained networks are evaluated on.

    Attributes:
        split: of the data.
        dataset_dir: other data than the training's, None for the same.
        tissue_classifier: file of `python -m bundle tissue`, None for no tissue metrics.
    """

    split: str
    dataset_dir: str | None = None
    tissue_classifier: str | None = None

    @property
    def name(self) -> str:
        """Of its folder and file of scores."""
        return self.split if self.dataset_dir is None else f"{self.split}_of_{Path(self.dataset_dir).name}"

    def on(self, data: Path, trained_on: Path) -> Evaluation:
        """The same on a data set of a network trained on one."""
        return replace(self, dataset_dir=None if data == trained_on else str(data))

    def identity(self) -> dict[str, Any]:
        """What decides the scores of given weights: data, classifier, and the code that measures."""
        classifier = self.tissue_classifier
        return {
            "measures": measures_digest(),
            "data": None if self.dataset_dir is None else data_digest(self.dataset_dir),
            "dataset_dir": self.dataset_dir,
            "tissue_classifier": None if classifier is None else file_digest(classifier),
        }


def budget(steps: int, minutes: float | None) -> str:
    """In words."""
    return f"{steps} steps" if minutes is None else f"{minutes:g} minutes"


def result_of(cell: Cell, evaluation: Evaluation, out: Path, threads: int | None = None) -> dict[str, Any]:
    """Train and evaluate a cell, unless that is done already, and return what is known of it.

    A training that was stopped goes on at its last epoch; its time is then not known.

    Args:
        cell: what to train.
        evaluation: what to evaluate on. Scores of another classifier are made again.
        out: folder of all results.
        threads: of training and evaluation, None for as many as this process would take.

    Returns:
        ``cell``, ``command``, ``code`` (see `code_digest`), ``seconds`` and ``cpu_seconds`` of the training or None;
        ``split``, ``metrics``: the mean over the images of the split of each, and ``images``: all of each image.

    Raises:
        InputError: the folder holds another cell; training or evaluation failed.
    """
    folder = cell.folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    if once(folder / "cell.json", cell.identity) != cell.identity():
        raise InputError(
            f"{folder} holds another cell, or its recipe, train.yaml or data were changed since, see its cell.json: "
            "give another --out."
        )
    training = once(folder / "training.json", lambda: train(cell, folder, threads))
    scores = _scored(folder, evaluation, lambda: _evaluate(cell, folder, evaluation, threads))
    return {"cell": cell.description()} | training | scores


def lookup_table_result(dataset_dir: str, budget: str, evaluation: Evaluation, out: Path) -> dict[str, Any]:
    """Fit and evaluate the lookup table, unless that is done already: one fit serves beside trainings of any length.

    Args:
        dataset_dir: with ``datalist.json``.
        budget: of the trainings that it is compared with.
        evaluation: what to evaluate on.
        out: folder of all results.

    Returns:
        What `result_of` returns, but for the code and with a cell whose seed is None.

    Raises:
        InputError: the data cannot be used; the folder holds the table of other data.
    """
    folder, data = out / lookup_table.RECIPE, Path(dataset_dir)
    digest = data_digest(dataset_dir)
    fit = once(folder / "training.json", lambda: lookup_table.fit(data, folder) | {"data": digest})
    if (fit["dataset_dir"], fit["data"]) != (dataset_dir, digest):
        raise InputError(f"{folder} holds the table of {fit['dataset_dir']}: give another --out.")

    def evaluate() -> None:
        judged_on = Path(evaluation.dataset_dir or dataset_dir)
        lookup_table.evaluate(judged_on, evaluation.split, folder, evaluation.name, evaluation.tissue_classifier)

    cell = {"recipe": lookup_table.RECIPE, "seed": None, "steps": None, "budget": budget}
    return {"cell": cell} | fit | _scored(folder, evaluation, evaluate)


def code_digest() -> str:
    """Digest of the package that trains: results of another one are told, not refused, as most edits change nothing."""
    return _digest(sorted((ROOT / "scripts").rglob("*.py")))


def measures_digest() -> str:
    """Digest of what measures: scores of another one are made again."""
    scripts = ROOT / "scripts"
    others = ("handlers/metrics.py", "handlers/tissue.py", "networks/tissue_classifier.py")
    return _digest([*sorted((scripts / "metrics").glob("*.py")), *(scripts / name for name in others)])


def _digest(files: Sequence[Path]) -> str:
    texts = [str(path.relative_to(ROOT)).encode() + path.read_bytes() for path in files if path.is_file()]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def data_digest(dataset_dir: str) -> str | None:
    """Digest of a data list, in which a phantom says how it was made; None if there is none, which training tells."""
    path = Path(dataset_dir) / "datalist.json"
    return file_digest(path) if path.is_file() else None


def once(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Read a JSON file, after making its content if it is not there."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps(make(), indent=2) + "\n")
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return known


def train(cell: Cell, folder: Path, threads: int | None) -> dict[str, Any]:
    """Train a cell in a folder, or go on where that was stopped; return its command, code and times."""
    command = cell.training(folder)
    whole = not (folder / "training").exists()
    begun, cpu_seconds = time.monotonic(), 0.0
    if _epochs_trained(folder / "training") < cell.epochs:
        stopped = (folder / "training" / CHECKPOINT).is_file()
        cpu_seconds = _run([*command, *(["--resume", "true"] if stopped else [])], folder / "training.log", threads)
    seconds = time.monotonic() - begun
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


def _evaluate(cell: Cell, folder: Path, evaluation: Evaluation, threads: int | None) -> None:
    shutil.rmtree(folder / evaluation.name, ignore_errors=True)
    (folder / "generator.yaml").write_text(yaml.safe_dump(cell.generator()), encoding="utf-8")
    _run(cell.evaluating(folder, evaluation), folder / f"{evaluation.name}.log", threads)


def _scored(folder: Path, evaluation: Evaluation, evaluate: Callable[[], None]) -> dict[str, Any]:
    """The scores in a folder, made anew where those there are of another kind."""
    path = folder / f"{evaluation.name}_scores.json"
    if path.is_file() and json.loads(path.read_text(encoding="utf-8")).get("judged") != evaluation.identity():
        path.unlink()

    def make() -> dict[str, Any]:
        evaluate()
        return {"split": evaluation.split, "judged": evaluation.identity()} | _scores(folder / evaluation.name)

    return once(path, make)


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


def _run(words: list[str], log: Path, threads: int | None) -> float:
    """Run Python with these words and return the processor time of it and its children, seconds."""
    environment = os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        started(process)
        _, status, used = os.wait4(process.pid, 0)  # of this child alone: others may run beside it
        ended(process)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise InputError(f"A run of the benchmark ended with status {process.returncode}, see the end of {log}.")
    return used.ru_utime + used.ru_stime
