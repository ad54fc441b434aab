"""Writes the page while a training goes."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ignite.distributed as idist
from ignite.engine import Engine, Events
from torch import nn
from tqdm import tqdm

from scripts.account import TrainingAccount
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.handlers.failure import on_failure
from scripts.handlers.history import History, validation_scores
from scripts.handlers.realign import FLOOR, RealignPairs
from scripts.handlers.run_record import RunRecord
from scripts.training_report.album import Album, thinned
from scripts.training_report.page import build_page
from scripts.training_report.report import (
    FAILED,
    FINISHED,
    INTERRUPTED,
    RUNNING,
    STOPPED,
    Moved,
    Realigned,
    Report,
    Status,
)
from scripts.training_report.watch import ValidationWatch, short_name
from scripts.whole import write_text

logger = logging.getLogger(__name__)

PAGE, FOLDER = "report.html", "report"
BUDGET = 4_200_000  # bytes of all pictures in the page


class TrainingReport:
    """Write ``output_dir/report.html``: how the training goes, for people. It is one file that needs no network.

    It is written at the start, after each validation and at the end, whole or not at all. Pictures of earlier
    validations are kept in ``output_dir/report``, so that a training that is resumed still shows them. Attach it after
    all other handlers, so that it sees what they know. Only the first of several processes writes, and it shows
    the slices that it has validated itself. A page that cannot be written is told once, and ends no training.

    Args:
        output_dir: folder of the training.
        history: the curves.
        validator: its slices are shown.
        realign: how far each pair was moved.
        account: what the training begins with, its best scores, the lookup table's and the verdict.
        run_record: settings, data and versions.
        network: whose ``trained_on`` says whether the pairs are synthetic.
        working_um: size of the pixels that the network works at, micrometres; None where it is not known.
        key_metric: entry of the validator's metrics that ranks slices; higher is better.
        images: slices that are shown of every validation.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike[str],
        history: History,
        validator: Engine,
        realign: RealignPairs,
        account: TrainingAccount,
        run_record: RunRecord,
        network: nn.Module,
        working_um: float | None = None,
        key_metric: str = "ssim",
        images: int = 3,
    ) -> None:
        self.path = Path(output_dir) / PAGE
        self.history, self.validator, self.realign, self.network = history, validator, realign, network
        self.account, self.run_record, self.working_um = account, run_record, working_um
        self.album = Album(Path(output_dir) / FOLDER)
        self.watch = ValidationWatch(key_metric, images)
        self._word = RUNNING
        self._epoch = 0  # the last one that is complete
        self._earlier = 0.0  # seconds of earlier sessions
        self._begun = self._last_page = time.monotonic()
        self._begins = False
        self._told = False

    def attach(self, engine: Engine) -> None:
        """Attach to the trainer.

        Raises:
            InputError: the folder of the pictures cannot be written to; better now than after the first validation.
        """
        if idist.get_rank() > 0:
            return
        writable_folder(self.album.folder)
        self.watch.attach(self.validator)
        engine.add_event_handler(Events.EPOCH_STARTED, self._begin)
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._epoch_completed)
        engine.add_event_handler(Events.TERMINATE, self._terminated)
        engine.add_event_handler(Events.COMPLETED, self._completed)
        on_failure(engine, lambda: self._failed(engine))
        self._begun = time.monotonic()

    def _begin(self, engine: Engine) -> None:
        """Not at ``Events.STARTED``: a resumed training finds out only there in which epoch it goes on."""
        if self._begins:
            return
        self._begins = True
        self._epoch = engine.state.epoch - 1
        last = self.album.page(max(self._validated(), default=0))
        self._earlier = last.seconds if last else 0.0
        self._begun = time.monotonic()
        self.write(engine)

    def _epoch_completed(self, engine: Engine) -> None:
        self._epoch = engine.state.epoch
        if self._keep_seen():
            self.write(engine, next_in=time.monotonic() - self._last_page)
            self._last_page = time.monotonic()

    def _keep_seen(self) -> bool:
        """Keep the pictures of a validation; False where none came since the last ones were kept."""
        seen = self.watch.seen
        if seen is None:
            return False
        self._safely(lambda: self.album.add(seen, self.seconds))
        self.watch.seen = None  # not before: where Ctrl-C comes meanwhile, `_failed` keeps them
        return True

    def _terminated(self) -> None:
        self._word = STOPPED

    def _completed(self, engine: Engine) -> None:
        self._word = STOPPED if self._word == STOPPED else FINISHED
        self.write(engine)

    def _failed(self, engine: Engine) -> None:
        error = sys.exc_info()[1]
        if not self._begins or self._word in (INTERRUPTED, FAILED):
            return  # another training's page may lie there still; Ignite tells of an exception twice
        self._word = INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED
        self._keep_seen()
        self.write(engine, error=str(error))

    @property
    def seconds(self) -> float:
        """That the training has taken, earlier sessions included."""
        return self._earlier + time.monotonic() - self._begun

    def write(self, engine: Engine, next_in: float | None = None, error: str = "") -> None:
        """Write the page as things stand.

        Args:
            engine: the trainer.
            next_in: seconds until the next page, about; None: nobody knows.
            error: what the training was ended by.
        """
        now = datetime.now()
        due = None if next_in is None or self._word != RUNNING else now + timedelta(seconds=next_in)
        status = Status(self._word, self._epoch, engine.state.max_epochs or 0, self.seconds, now, due, error)
        self._safely(lambda: write_text(self.path, build_page(self.report(status))))

    def report(self, status: Status) -> Report:
        """What the page says."""
        account, best = self.account, self.account.best_epoch
        sizes = self.album.sizes(self._validated())
        epochs = thinned(sizes, [] if best is None else [best], BUDGET - self.album.latest_size())
        return Report(
            name=self.path.parent.resolve().name,
            status=status,
            verdict=account.verdict,
            facts=account.facts,
            rows=self.history.rows,
            scores=account.scores,
            best_epoch=best,
            key_metric=account.best_model.key_metric,
            first_epoch=account.best_model.first_epoch,
            lookup_table=account.lookup_table,
            validation=self.album.latest() if sizes else None,
            pages=[page for page in map(self.album.page, epochs) if page is not None],
            left_out=len(sizes) - len(epochs),
            realigned=self._realigned(),
            working_um=self.working_um,
            synthetic=getattr(getattr(self.network, "trained_on", None), "synthetic", None),
            run=self.run_record.content,
        )

    def _validated(self) -> list[int]:
        """Epochs with a validation: what lies in the folder may be of a training that is gone."""
        return [int(row["epoch"]) for row in self.history.rows if validation_scores(row)]

    def _realigned(self) -> Realigned:
        items: Mapping[str, Any] = {str(item["image"]): item for item in self.realign.slices.data}
        moved = [
            Moved(short_name(path), str(items.get(path, {}).get("specimen") or ""), pixels)
            for path, pixels in self.realign.moved().items()
        ]
        moved.sort(key=lambda pair: -pair.pixels)
        return Realigned(sorted(self.realign.epochs), moved, FLOOR)

    def _safely(self, write: Any) -> None:
        """A page is not worth a training."""
        try:
            write()
        except (OSError, InputError) as error:
            self._tell(f"{self.path} cannot be written ({error}): the training goes on without it.")
        except Exception:  # our fault, which is for the log
            self._tell(f"{self.path} cannot be written: the training goes on without it.", exc_info=True)

    def _tell(self, words: str, exc_info: bool = False) -> None:
        if not self._told:
            with tqdm.external_write_mode(file=sys.stderr):  # clear of the progress bar
                logger.warning(words, exc_info=exc_info)
        self._told = True
