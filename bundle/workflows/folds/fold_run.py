"""One fold trained and evaluated, each in a process of its own, by the command that a user would type."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle.shared.places import ROOT
from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.handlers.metrics_csv import PER_IMAGE
from scripts.provenance.evaluation_of import COMPANION
from scripts.weights.checkpoint import previous_of, read_checkpoint
from scripts.whole import write_text

#: `python -m bundle` where the current folder is not that of the bundle, and may hold a `bundle` of its own.
STARTER = f"import runpy, sys; sys.path[0] = {str(ROOT)!r}; runpy.run_module('bundle', None, '__main__', True)"
PROMPT = "$ python -m bundle "
SHOWN = 500  # characters of a log's last line
AGAIN = "Mend what it says, and give the same command again: what is done is not done again."


@dataclass(frozen=True)
class FoldRun:
    """A fold on the disk.

    Attributes:
        number: of the fold.
        folder: of all that belongs to it.
    """

    number: int
    folder: Path

    @property
    def data(self) -> Path:
        """Folder of its data list."""
        return self.folder / "data"

    @property
    def weights(self) -> Path:
        """That it trained."""
        return self.training / "model.pt"

    @property
    def training(self) -> Path:
        """Folder of its training."""
        return self.folder / "training"

    @property
    def scores(self) -> Path:
        """Table of its held-out slices."""
        return self.folder / "evaluation" / PER_IMAGE

    @property
    def _trained(self) -> Path:
        return self.folder / "trained"  # SHA-256 of the weights of a training that ended

    def is_trained(self) -> bool:
        """Whether its training has ended, and its weights are still those."""
        return (
            self._trained.is_file()
            and self.weights.is_file()
            and self._trained.read_text(encoding="utf-8").strip() == file_digest(self.weights)
        )

    def train(self, words: Sequence[str]) -> None:
        """Train the fold, or go on where that was stopped; nothing where it has ended.

        Args:
            words: options of the command ``train``.

        Raises:
            InputError: the training failed, or was ended by a signal.
        """
        if self.is_trained():
            return
        checkpoint = self.training / CHECKPOINT
        begun = checkpoint.is_file() or previous_of(checkpoint).is_file()
        if not (begun and self.weights.is_file() and _has_ended(checkpoint)):
            resume = ["--resume"] if begun else []
            self._run("training", ["train", str(self.data), "--out", str(self.training), *words, *resume])
        write_text(self._trained, file_digest(self.weights) + "\n")

    def evaluate(self, words: Sequence[str]) -> None:
        """Score the fold's weights on its held-out specimens, unless these very weights were scored already.

        Args:
            words: options of the command ``evaluate``.

        Raises:
            InputError: the evaluation failed.
        """
        if (self.scores.parent / COMPANION).is_file() and self._is_of_these_weights():
            return
        out = ["--out", str(self.scores.parent), "--checkpoint", str(self.weights), "--split", "test", "--overwrite"]
        self._run("evaluation", ["evaluate", str(self.data), *out, *words])

    def _is_of_these_weights(self) -> bool:
        said = (self.scores.parent / COMPANION).read_text(encoding="utf-8")
        return self.scores.is_file() and file_digest(self.weights) in said

    def _run(self, what: str, words: Sequence[str]) -> None:
        log = self.folder / f"{what}.log"
        with log.open("a", encoding="utf-8") as file:
            print(f"{PROMPT}{shlex.join(words)}", file=file, flush=True)
            status = subprocess.run(
                [sys.executable, "-c", STARTER, *words], stdout=file, stderr=subprocess.STDOUT, check=False
            ).returncode
        if status:
            how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
            raise InputError(f"The {what} of fold {self.number} {how}: {_last_line(log)} See {log}. {AGAIN}")


def _has_ended(checkpoint: Path) -> bool:
    """Whether a training was stopped after its last epoch, before this command noted its end."""
    try:
        trainer = read_checkpoint(checkpoint)["trainer"]
        return int(trainer["iteration"]) >= int(trainer["max_epochs"]) * int(trainer["epoch_length"])
    except (InputError, KeyError, TypeError):
        return False  # the training says what is wrong with it


def _last_line(log: Path) -> str:
    """The sentence by which the last run in a log ended, or else what it printed last."""
    text = log.read_text(encoding="utf-8", errors="replace").rsplit(PROMPT, 1)[-1]
    lines = [line.strip() for line in text.splitlines()[1:] if line.strip()] or ["It printed nothing."]
    said = next((line for line in reversed(lines) if line.startswith("error: ")), lines[-1])
    said = said.removeprefix("error: ")[-SHOWN:]
    return said if said.endswith(".") else f"{said}."
