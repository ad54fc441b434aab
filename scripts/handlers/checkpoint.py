"""Checkpoints of a training: everything, to resume exactly, and the best model, to use."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from ignite.engine import Engine, Events
from torch import nn

from scripts.engines.distributed import average
from scripts.engines.trainer import PairedCycleGANTrainer
from scripts.errors import InputError
from scripts.handlers.failure import on_failure
from scripts.handlers.history import VALIDATION
from scripts.handlers.resuming import lay_out_as_weights, require_same_training
from scripts.lock import lock_folder
from scripts.options.values import truth
from scripts.weights.checkpoint import previous_of, read_checkpoint_or_previous, save_atomically
from scripts.weights.finite import first_not_finite
from scripts.whole import partial_of, whole_file, writing

logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"


class TrainingCheckpoint:
    """Write everything a training needs to ``output_dir/checkpoint.pt`` and take it up again.

    Attach it after all other handlers, so that what it stores at the end of an epoch is final. Only the first of
    several processes writes. The predecessor stays as ``checkpoint.previous.pt``, and is taken where a
    checkpoint is damaged or missing.

    Args:
        output_dir: folder of the training.
        trainer: its networks, optimisers, image pools and epoch are stored.
        others: what else is to be stored, name to object with ``state_dict`` and ``load_state_dict``.
        interval: epochs between two writings.
        resume: continue from the checkpoint in `output_dir`.

    Raises:
        InputError: there is a checkpoint and `resume` is false, or none and it is true, or it is of another training;
            another training is writing to `output_dir`.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        trainer: PairedCycleGANTrainer,
        others: dict[str, Any],
        interval: int = 1,
        resume: bool = False,
    ) -> None:
        self.path = Path(output_dir) / CHECKPOINT
        self.state = trainer.training_state() | others
        self.interval, self.resume = interval, truth(resume, "resume")
        self._is_sound = True  # the file at `path`, if there is one
        self._folder: int | None = None  # held open while the folder is locked
        begun = self.path.exists() or previous_of(self.path).exists()
        if self.resume and not begun:
            raise InputError(
                f"There is no training to resume in {output_dir}: leave out --resume or give its --output_dir."
            )
        if not self.resume and begun:
            raise InputError(
                f"{output_dir} already holds a training: continue it with --resume true, or give another --output_dir."
            )

    def attach(self, engine: Engine) -> None:
        engine.logger.addFilter(_is_right)
        if idist.get_rank() == 0:
            engine.add_event_handler(Events.STARTED, self._lock)
            on_failure(engine, self._unlock)
        if self.resume:
            engine.add_event_handler(Events.STARTED, self.load)
        engine.add_event_handler(Events.EPOCH_COMPLETED(every=self.interval), self.save)
        engine.add_event_handler(Events.COMPLETED, self.save)
        engine.add_event_handler(Events.COMPLETED, self._unlock)

    def save(self) -> None:
        if idist.get_world_size() > 1:
            # each process normalised its own patches: let all go on from the same statistics
            for module in self.state.values():
                if isinstance(module, nn.Module):
                    average(module.buffers())
        if idist.get_rank() == 0:
            if self._is_sound:  # a damaged one must not take the place of its predecessor
                _keep_previous(self.path)
            self._is_sound = True
            save_atomically({name: part.state_dict() for name, part in self.state.items()}, self.path)

    def _lock(self) -> None:
        """Keep other trainings off the folder, as long as this process lives."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._folder = lock_folder(self.path.parent)
        except BlockingIOError:
            raise InputError(
                f"Another training is writing to {self.path.parent}: wait for its end, or give another --output_dir."
            ) from None

    def _unlock(self) -> None:
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def load(self, engine: Engine) -> None:
        anew = "start anew in another --output_dir"
        content, path = read_checkpoint_or_previous(self.path, anew)
        self._is_sound = path == self.path
        broken = first_not_finite(content)
        if broken is not None:
            raise InputError(f"{path} is of a training that diverged ({broken} is not finite): {anew}.")
        max_epochs = engine.state.max_epochs  # asked for now; the checkpoint knows what was asked for then
        missing = [name for name in self.state if name not in content]
        if missing:
            raise InputError(f"{path} is not a training's checkpoint: it lacks {', '.join(missing)}.")
        require_same_training(path, self.state, content, engine.state.epoch_length)
        for name, part in self.state.items():
            try:
                part.load_state_dict(content[name])
            except InputError as error:
                raise InputError(f"{path} cannot be resumed. {error}") from error
            except (RuntimeError, ValueError, KeyError) as error:
                raise InputError(
                    f"{path} does not fit this training ('{name}' differs): resume with the networks of its start."
                ) from error
            if isinstance(part, torch.optim.Optimizer):
                lay_out_as_weights(part)
        if max_epochs is not None and engine.state.epoch >= max_epochs:
            raise InputError(
                f"The training in {path} has finished epoch {engine.state.epoch} of {max_epochs}: "
                "ask for more with --train#trainer#max_epochs."
            )
        engine.state.max_epochs = max_epochs
        logger.info("%s: the training goes on after epoch %d.", path, engine.state.epoch)


def _is_right(record: logging.LogRecord) -> bool:
    """Ignite says that an engine's run is "resuming from iteration 0" where it starts, and before `load` where not."""
    return not record.getMessage().startswith("Engine run resuming")


def _keep_previous(path: Path) -> None:
    """Let the checkpoint have the predecessor's name as well, so that there is a checkpoint at any time."""
    if not path.is_file():
        return
    previous = previous_of(path)
    with writing(previous), whole_file(previous, partial_of(path)) as partial:
        partial.unlink(missing_ok=True)
        try:
            os.link(path, partial)
        except OSError:  # a file system without links
            shutil.copyfile(path, partial)


class BestModel:
    """Write the generator as ``output_dir/model.pt`` whenever a validation is the best since `first_epoch`.

    Before that every validation writes it, so that a training cut short leaves weights. Early generators are blurred,
    which SSIM likes, and normalise by statistics that are still on the move: they do not compete.

    Args:
        output_dir: folder of the training.
        network: whose state dict is written.
        key_metric: entry of ``validator.state.metrics`` that decides; higher is better.
        first_epoch: of the training, from which validations compete; None for all.
    """

    def __init__(
        self, output_dir: str | os.PathLike[str], network: nn.Module, key_metric: str, first_epoch: int | None = None
    ) -> None:
        self.path = Path(output_dir) / "model.pt"
        self.network, self.key_metric, self.first_epoch = network, key_metric, first_epoch
        self.best = float("-inf")

    @property
    def column(self) -> str:
        """Where a `History` has the key metric."""
        return f"{VALIDATION}{self.key_metric}"

    def competing(self, rows: Iterable[dict[str, float]]) -> list[dict[str, float]]:
        """The rows of a `History` whose validations compete."""
        first = self.first_epoch or 0
        return [row for row in rows if self.column in row and row["epoch"] >= first]

    def best_row(self, rows: Sequence[dict[str, float]]) -> dict[str, float] | None:
        """The row of a `History` whose weights are in the file: the best that competes, or the last as none does."""
        competing = self.competing(rows)
        if competing:
            return max(competing, key=lambda row: row[self.column])  # the first of equals, as `__call__` has it
        return next((row for row in reversed(rows) if self.column in row), None)

    def attach(self, validator: Engine) -> None:
        validator.add_event_handler(Events.COMPLETED, self)

    def __call__(self, validator: Engine) -> None:
        value = float(validator.state.metrics[self.key_metric])
        # MONAI's ValidationHandler runs a validator as if in the trainer's epoch
        competes = self.first_epoch is None or validator.state.epoch >= self.first_epoch
        if value > self.best:
            broken = first_not_finite(self.network.state_dict())
            if broken is not None:
                logger.warning(f"{self.path} is not written, since {broken} is not finite.")
                return
            if competes:
                self.best = value
            if idist.get_rank() == 0:
                save_atomically(self.network.state_dict(), self.path)

    def state_dict(self) -> dict[str, float]:
        return {"best": self.best}

    def load_state_dict(self, state: dict[str, float]) -> None:
        self.best = state["best"]
