"""The account that a training gives of itself, in a log that people read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.data import Dataset
from torch import nn

from scripts.account.ending import ending_in_words, next_command
from scripts.account.facts import (
    device_in_words,
    length_in_words,
    network_in_words,
    pairs_in_words,
    size_in_words,
    start_in_words,
    window_in_words,
)
from scripts.account.final_scores import mean_lpips, stain_of
from scripts.account.pace import TIMED, Pace
from scripts.account.patience import Patience
from scripts.account.saying import INTERRUPTED, NEXT, is_not_the_last_word, leave_out, quietly, say
from scripts.account.verdict import advice, compared, still_improves, stopped_early
from scripts.handlers.checkpoint import CHECKPOINT, BestModel
from scripts.handlers.failure import on_interrupt
from scripts.handlers.history import History, validation_scores
from scripts.handlers.metrics import PSNR, SSIM
from scripts.lookup_table.choice import score_lut
from scripts.lookup_table.quick import QuickTable, quick_table
from scripts.words import aligned, beside, duration


class TrainingAccount:
    """Say what a training begins with, its scores as they come, and how it went. Only the first process speaks.

    The lookup table is fitted to the same pairs, see `quick_table`, and scored on all validation pairs. Nothing raises
    out of an account: what fails is left out, with a warning. It costs a time stamp a step. Attach it after the
    `TrainingCheckpoint`, so that it sees what was resumed, and the final files.

    Args:
        output_dir: folder of the training.
        dataset_dir: folder of the data list, for the next command.
        history: its rows hold the scores of each validation.
        best_model: says which validations compete, and by what.
        validator: the evaluator.
        interval: epochs between two validations.
        training: pairs as whole slices: a ``Dataset`` whose ``data`` are a data list's items, and which gives
            ``image``, ``label`` and ``mask`` as of `LoadPaird`, windowed.
        validation: the same of the validation.
        network: the generator that is validated.
        inferer: how it is applied to whole slices.
        working_um: pixel size that the network works at, micrometres; None where it is not known.
        initial_weights: file that the training began with; None: random weights.
        lpips_weights: see `LPIPS`.
        patience: what may stop the training early.

    Attributes:
        facts: what the training begins with, label to text.
        lookup_table: mean scores of the lookup table on the validation pairs, ``psnr`` (dB), ``ssim`` and, at the end
            and where AlexNet's weights are there, ``lpips``; empty until they are known.
        verdict: sentences on how it went; "" until it ended.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        dataset_dir: str | os.PathLike[str],
        history: History,
        best_model: BestModel,
        validator: Engine,
        interval: int,
        training: Dataset,
        validation: Dataset,
        network: nn.Module,
        inferer: Callable[..., Any],
        working_um: float | None = None,
        initial_weights: str | os.PathLike[str] | None = None,
        lpips_weights: str | os.PathLike[str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.folder, self.dataset_dir = Path(output_dir), Path(dataset_dir)
        self.history, self.best_model = history, best_model
        self.training, self.validation = training, validation
        self.network, self.inferer, self.working_um = network, inferer, working_um
        self.initial_weights, self.lpips_weights = initial_weights, lpips_weights
        self.patience = patience
        self.pace = Pace(validator, interval)
        self.facts: dict[str, str] = {}
        self.lookup_table: dict[str, float] = {}
        self.verdict = ""
        self._table: QuickTable | None = None
        self._final: dict[str, float] = {}  # what is computed at the end only
        self._begun = 0.0
        self._resumed = False

    def attach(self, engine: Engine) -> None:
        engine.logger.addFilter(is_not_the_last_word)
        if idist.get_rank() > 0:
            return
        for event, action in (
            (Events.STARTED, self._begin),
            (Events.STARTED, self._fit_table),
            (Events.ITERATION_COMPLETED, self._estimate),
            (Events.EPOCH_COMPLETED, self._tell_validation),
            (Events.COMPLETED, self._judge),
            (Events.COMPLETED, self._end),
        ):
            engine.add_event_handler(event, quietly(action))
        self.pace.attach(engine)
        on_interrupt(engine, quietly(self._interrupted))

    @property
    def best_epoch(self) -> int | None:
        """Epoch of the best validation among those that compete, or of the last where none does."""
        row = self.best_model.best_row(self.history.rows)
        return None if row is None else int(row["epoch"])

    @property
    def scores(self) -> dict[str, float]:
        """Of the validation of `best_epoch`, and at the end their LPIPS."""
        return validation_scores(self.best_model.best_row(self.history.rows) or {}) | self._final

    def _begin(self, engine: Any) -> None:
        state = engine.state
        self._begun, self._resumed = time.monotonic(), state.epoch > 0
        self.facts |= {
            "training": pairs_in_words(self.training.data),
            "validation": pairs_in_words(self.validation.data),
            "window": window_in_words(self.training.data),
            "working size": size_in_words(self.working_um),
            "network": network_in_words(self.network),
            "length": length_in_words(state.max_epochs, state.epoch_length, self.pace.interval),
            "device": device_in_words(torch.device(state.device), engine.bfloat16),
            "start": start_in_words(state.epoch, self.initial_weights),
        }
        say("This training:\n%s", aligned(self.facts))

    def _fit_table(self, _engine: Any) -> None:
        self._table = quick_table(self.training, self.validation)
        values = score_lut(self.validation, self._table.table, self._table.sigma, {"psnr": PSNR(), "ssim": SSIM()})
        self.lookup_table = {name: float(np.nanmean(column)) for name, column in values.items()}
        say("To compare with, a lookup table %s: %s.", self._table.words, beside(self.lookup_table, {}))

    def _estimate(self, engine: Any) -> None:
        if "time" in self.facts or len(self.pace.steps) < TIMED:
            return
        self._tell_time(engine, "" if self.pace.validation is not None else ", without validations")
        say("Estimated time: %s.", self.facts["time"])

    def _tell_time(self, engine: Any, validations: str) -> float | None:
        left = self.pace.left(engine)
        if left is not None:
            whole = time.monotonic() - self._begun + left
            self.facts["time"] = f"about {duration(whole)} on this machine{validations}"
        return left

    def _tell_validation(self, engine: Any) -> None:
        scores = validation_scores(self.history.rows[-1]) if self.history.rows else {}
        if not scores:
            return
        left = self._tell_time(engine, ", validations included")
        more = f"; about {duration(left)} left" if left else ""
        say("Epoch %d: %s%s", engine.state.epoch, beside(scores, self.lookup_table), more)

    def _judge(self, engine: Any) -> None:
        if self.best_epoch is None:
            self.verdict = "No pair was validated: nothing says how good the weights are."
            return
        self._compute_lpips(torch.device(engine.state.device))
        sentences = [compared(self.scores, self.lookup_table), self._advice(engine.state.max_epochs)]
        self.verdict = " ".join(filter(None, sentences))

    def _advice(self, max_epochs: int) -> str:
        if self.patience is not None and self.patience.stopped:
            return stopped_early(self.patience.patience, self.best_model.key_metric)
        rows, column = self.best_model.competing(self.history.rows), self.best_model.column
        epochs, values = [row["epoch"] for row in rows], [row[column] for row in rows]
        rates = [row["learning_rate"] for row in self.history.rows]
        falling = rates[-1] < 0.1 * max(rates)
        return advice(still_improves(epochs, values, self.best_model.key_metric), max_epochs, falling)

    def _compute_lpips(self, device: torch.device) -> None:
        try:
            stains = [stain_of(self.network, self.best_model.path, self.inferer, device)]
            if self._table is not None:
                stains.append(self._table.stain)
            values = mean_lpips(self.validation, stains, self.lpips_weights)
            for scores, value in zip((self._final, self.lookup_table), values, strict=False):
                scores["lpips"] = value
        except Exception as error:
            leave_out("LPIPS", error)

    def _end(self, engine: Any) -> None:
        took = duration(time.monotonic() - self._begun)
        lines = ending_in_words(self.folder, self.best_epoch, self.scores, self.lookup_table, self.verdict)
        say("The training ended after epoch %d, %s:\n%s", engine.state.epoch, took, aligned(lines))
        say(NEXT, next_command(self.dataset_dir, self.folder))

    def _interrupted(self, _engine: Any) -> None:
        if (self.folder / CHECKPOINT).is_file():
            more = "" if self._resumed else "with --resume true "
            say(INTERRUPTED, f"the same command {more}goes on after the last epoch that was saved.")
        else:
            say(INTERRUPTED, "no epoch was saved yet; give the same command again.")
