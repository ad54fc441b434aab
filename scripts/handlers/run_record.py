"""The record of a training, ``run.json``: what it was trained on, by what, and how it ended."""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events

from scripts.files.digest import file_digest
from scripts.handlers.checkpoint import BestModel
from scripts.handlers.failure import on_failure
from scripts.handlers.history import History, validation_scores
from scripts.networks import KeepsWindowing
from scripts.networks.trained_on import UNKNOWN
from scripts.provenance.code import code_version
from scripts.provenance.command import command_line
from scripts.provenance.config import differences
from scripts.provenance.identity import UNRECORDED, run_digest, short_form
from scripts.provenance.pairs import Items, describe_datalist, describe_pairs
from scripts.provenance.run_file import Runs, read_runs, write_runs
from scripts.provenance.surroundings import library_versions, machine
from scripts.whole import writing

NAME = "run.json"


class RunRecord:
    """Write ``output_dir/run.json`` when a training begins, and complete it after validations and when it ends.

    The file has ``runs``, one for each time that the training was started or resumed. The generator gets the digest of
    its run and the training in a few words, which go with its weights. Neither environment variables nor the names of
    machine and user are written. Of several processes the first one does all of it.

    Args:
        output_dir: folder of the training.
        dataset_dir: folder of the data list.
        items: of the training, as of `load_datalist`.
        held_out: of the validation.
        network: the generator, which knows the scans of its training by now.
        history: whose rows say what validations gave.
        best_model: which of them is the best.
        seed: of everything random.
        device: that computes.
        config: see `config_in_use`; None: what it changes is not known.
        initial_weights: which the training begins with; None: random ones.

    Attributes:
        content: the newest of the runs: ``state`` (running, finished, interrupted or failed), ``started``, ``ended``,
            ``command``, ``differences`` (by id: ``default`` and ``value``), ``seed``, ``device``, ``datalist``,
            ``pairs``, ``initial_weights``, ``code``, ``versions``, ``machine``, ``run`` (see `run_digest`),
            ``continues``, ``after_epoch``, ``epochs``, ``best``. Before the training starts there are no digests.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        dataset_dir: str | os.PathLike[str],
        items: Items,
        held_out: Items,
        network: KeepsWindowing,
        history: History,
        best_model: BestModel,
        seed: int,
        device: object,
        config: Mapping[str, Any] | None = None,
        initial_weights: str | os.PathLike[str] | None = None,
    ) -> None:
        self.path, self.dataset_dir = Path(output_dir) / NAME, dataset_dir
        self.splits: dict[str, Items] = {"training": items, "validation": held_out}
        self.network, self.history, self.best_model = network, history, best_model
        self.content: dict[str, Any] = {
            "state": "running",
            "started": _now(),
            "command": command_line(),
            "differences": None if config is None else differences(config),
            "seed": seed,
            "device": str(device),
            "datalist": {"path": None, "sha256": None},
            "pairs": [],
            "initial_weights": None if initial_weights is None else {"path": str(initial_weights), "sha256": None},
            "code": code_version(),
            "versions": library_versions(),
            "machine": machine(),
        }
        self._earlier: Runs = []
        self._trained_on = UNKNOWN
        self._writes = False

    def attach(self, engine: Engine) -> None:
        """Attach it behind the checkpoint, which may be resumed from, and before what shows `content`."""
        if idist.get_rank() > 0:
            return
        self._trained_on = self.network.trained_on  # a checkpoint knows the scans of its own start
        engine.add_event_handler(Events.STARTED, self._begin)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._go_on)
        engine.add_event_handler(Events.COMPLETED, self._finish)
        on_failure(engine, self._fail)

    def _begin(self, engine: Engine) -> None:
        resumed = engine.state.epoch > 0
        initial = self.content["initial_weights"]
        with writing(self.path):
            if initial is not None:
                initial["sha256"] = file_digest(initial["path"])
            self.content["datalist"] = describe_datalist(self.dataset_dir)
            self.content["pairs"] = describe_pairs(self.splits, self.dataset_dir)
            self._earlier = read_runs(self.path) if resumed else []
            before = self.network.trained_on if resumed else None
            self._identify((before.run or UNRECORDED) if before else None)
            trained = short_form(self.content)
            if before and before.trained and before.run == self.content["run"]:
                trained = before.trained  # the very same training goes on
            self.network.trained_on = replace(self._trained_on, run=self.content["run"], trained=trained)
            self.content |= {"trained": trained, "after_epoch": engine.state.epoch, "epochs": engine.state.epoch}
            self._writes = True
            self._write()

    def _identify(self, before: str | None) -> None:
        """Find the digest of the run: that of the run it was resumed from, unless something has changed since.

        Args:
            before: digest in the checkpoint; None for a training that is not resumed.
        """
        same = next((run.get("continues") for run in reversed(self._earlier) if run.get("run") == before), None)
        continues = same if before is not None else None
        if before is not None and run_digest(self.content, continues) != before:
            continues = before
        self.content |= {"run": run_digest(self.content, continues), "continues": continues}

    def _go_on(self, engine: Engine) -> None:
        self.content["epochs"] = engine.state.epoch
        if self.best_model.column in self.history.rows[-1]:  # the next tells of epochs between
            best = self.best_model.best_row(self.history.rows) or {}
            self.content["best"] = {"epoch": int(best["epoch"]), **validation_scores(best)}
            with writing(self.path):
                self._write()

    def _finish(self) -> None:
        self.content |= {"state": "finished", "ended": _now()}
        with writing(self.path):
            self._write()

    def _fail(self) -> None:
        """Say how the training ended; what ended it may be that nothing can be written."""
        error = sys.exc_info()[1]
        if not self._writes or self.content["state"] != "running":
            return
        self.content["state"] = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        self.content |= {"ended": _now(), "error": f"{type(error).__name__}: {error}"[:500]}
        with contextlib.suppress(Exception):
            self._write()

    def _write(self) -> None:
        write_runs(self.path, [*self._earlier, self.content])


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
