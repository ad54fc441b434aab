"""A cell of a benchmark: what decides which weights a training ends with, and the commands that train and evaluate."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monai.bundle.config_parser import ConfigParser

from bundle.evidence.shared.cell.digests import data_digest
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.defaults import STEPS_PER_EPOCH
from bundle.shared.places import TRAIN
from bundle.shared.workflow import workflow_command


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
        """How many the training has."""
        return self.steps // self.steps_per_epoch

    @property
    def budget(self) -> str:
        """What recipes that are compared have in common."""
        return budget(self.steps, self.minutes)

    def folder(self, out: Path) -> Path:
        """Folder of training, evaluations and scores, below that of all results."""
        return out / f"{self.recipe}_{self.budget.replace(' ', '_')}" / f"seed_{self.seed}"

    def description(self) -> dict[str, Any]:
        """The cell in ``benchmark.json``."""
        return asdict(self) | {"budget": self.budget}

    def identity(self) -> dict[str, Any]:
        """The cell with digests of the configs and data that it depends on: edited ones are others."""
        files = [TRAIN] + ([Path(self.overlay)] if self.overlay else [])
        config = json.dumps(ConfigParser.load_config_files(files), sort_keys=True)  # comments decide nothing
        digest = hashlib.sha256(config.encode()).hexdigest()
        return asdict(self) | {"digest": digest, "data": data_digest(self.dataset_dir)}

    def training(self, folder: Path, python: Sequence[str] = (sys.executable,)) -> list[str]:
        """Command that trains it; `python` are the words of the interpreter."""
        overlays = [self.overlay] if self.overlay else []
        return workflow_command("training", self.own_entries(folder) | self.options, overlays, python=python)

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
        """Command that evaluates it; the weights say what generator the recipe has."""
        classifier = evaluation.tissue_classifier
        options = {
            "dataset_dir": evaluation.dataset_dir or self.dataset_dir,
            "output_dir": str(folder / evaluation.name),
            "checkpoint": str(folder / "training" / "model.pt"),
            "split": evaluation.split,
            "overwrite": "true",  # the cell knows when to evaluate anew
            **({} if classifier is None else {"tissue_classifier": classifier}),
        }
        return workflow_command("evaluating", options)


def budget(steps: int, minutes: float | None) -> str:
    """The budget in words, which results and folders are told apart by."""
    return f"{steps} steps" if minutes is None else f"{minutes:g} minutes"
