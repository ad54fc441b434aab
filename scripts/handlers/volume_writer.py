"""Writing stained volumes while they come."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys as Keys

from scripts.engines.distributed import is_distributed, rank, wait_for_all
from scripts.errors import InputError, cannot_write
from scripts.handlers.failure import on_failure
from scripts.memory import give_back_freed_memory
from scripts.volume.stain.done import slab_store
from scripts.volume.stain.finish import finish
from scripts.volume.stain.results import ResultStores, counts_of_levels
from scripts.volume.stain.staining import Staining
from scripts.volume.write.axis_store import AxisStore
from scripts.volume.write.flicker import change_between_slices, grid_step

logger = logging.getLogger(__name__)


class VolumeWriter:
    """Store the slabs that an evaluator stains, while it stains the next, and finish each volume.

    The evaluator's batch is an item of a `SlabDataset`, its output holds ``pred`` (n, 3, rows, columns) uint8, or
    (n, 4, rows, columns) where the stain's uncertainty was asked for. A slab
    counts as done once it is stored, so that a run which was stopped can be continued at any slab. Of several
    processes each stores its own slabs and the first one finishes the volumes.

    Args:
        stainings: what is to be stained, see `plan_stainings`.
        details: what the record of each volume says of this run besides.
        threads: in which slabs are stored; None takes a thread of its own.
    """

    def __init__(
        self,
        stainings: Sequence[Staining],
        details: Mapping[str, Any] | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        self.details = dict(details or {})
        self.stainings = {staining.name: staining for staining in stainings}
        self._stores: dict[tuple[str, str], ResultStores | AxisStore] = {}
        self._threads = threads or ThreadPoolExecutor(1, "slab writer")
        self._pending: Future | None = None
        self._began = time.perf_counter()
        self._told = False

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._settle)
        on_failure(engine, self._keep)

    def _start(self, engine: Engine) -> None:
        self._began = time.perf_counter()

    def __call__(self, engine: Any) -> None:
        slab = engine.state.batch
        pred = require_levels(torch.as_tensor(engine.state.output[Keys.PRED]).cpu())
        slab["seconds_staining"] = time.perf_counter() - self._began
        # the writer's alone from here on: what the engine holds would stay until the next slab is stained
        engine.state.output = engine.state.batch = None
        stain = pred.permute(1, 0, 2, 3).numpy()
        # at once, for the memory of the grey values is needed for those of the slab that is read next
        notes = _notes(slab, torch.as_tensor(slab.pop(Keys.IMAGE))[:, 0].cpu().numpy(), stain)
        self._settle()
        self._pending = self._threads.submit(self._store, slab, stain, notes)

    def _settle(self) -> None:
        """Wait for the slab that is being stored, and raise what went wrong with it."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def _keep(self) -> None:
        """Let the last slab be stored before the run ends in an exception."""
        if self._pending is not None:
            self._pending.exception()
            self._pending = None
        unfinished = [staining.folder for staining in self.stainings.values() if staining.folder.exists()]
        if unfinished and not self._told:
            self._told = True  # Ignite tells of an exception twice
            logger.info("what is stained so far is kept in %s; the same command goes on from there.", unfinished[0])

    def _store(self, slab: dict[str, Any], stain: np.ndarray, notes: dict[str, Any]) -> None:
        begun = time.perf_counter()
        staining = self.stainings[slab["name"]]
        try:
            kept = self._store_of(staining, slab["axis"]).write(slab["start"], stain)
            seconds = [slab["seconds_reading"], slab["seconds_staining"], time.perf_counter() - begun]
            staining.note(slab["axis"], slab["start"], seconds=np.array(seconds), **kept, **notes)
            give_back_freed_memory()
        except OSError as error:
            again = "repeat the command, which goes on from here"
            cure = f"make the folder writable and {again}"
            raise cannot_write(staining.folder, error, cure, f"free some space and {again}") from error
        if not is_distributed() and staining.is_stained():
            self._finish(staining)

    def _store_of(self, staining: Staining, axis: str) -> ResultStores | AxisStore:
        key = (staining.name, axis)
        if key not in self._stores:
            self._stores[key] = slab_store(staining, axis)
        return self._stores[key]

    def finish(self) -> None:
        """Finish all volumes that are not yet: to be called by every process after the engine's run, which does not
        take place where no slab was left to stain.
        """
        wait_for_all()
        if rank() == 0:
            for staining in self.stainings.values():
                if staining.folder.exists():
                    self._finish(staining)

    def _finish(self, staining: Staining) -> None:
        for path in finish(staining, self.details):
            logger.info("%s", path)


def require_levels(pred: torch.Tensor) -> torch.Tensor:
    """Return a stain in grey levels; one in [0, 1] would be stored as black.

    Raises:
        InputError: it is no uint8.
    """
    if pred.dtype != torch.uint8:
        raise InputError("The inferer gives no grey levels: leave inferer#as_uint8 as it is, true.")
    return pred


def _notes(slab: dict[str, Any], ct: np.ndarray, stain: np.ndarray) -> dict[str, Any]:
    """What record and preview need to know of a slab, to read nothing again.

    Args:
        slab: its item of the data set.
        ct: (n, rows, columns) windowed, in [0, 1].
        stain: (3, n, rows, columns) uint8, or (4, n, rows, columns) with its uncertainty.
    """
    stain, uncertainty = stain[:3], stain[3:]
    rows, columns = stain.shape[2:]
    step = grid_step((rows, columns))
    coarse_ct = np.stack([_levels(image[::step, ::step]) for image in ct])  # not at once: floats take four times that
    coarse_stain = np.moveaxis(stain[:, :, ::step, ::step], 0, -1)
    return {
        "digests": slab["digests"],
        "replaced": slab["replaced"],
        "uncertainty": counts_of_levels(uncertainty[0]) if len(uncertainty) else np.empty(0, np.int64),
        "ct_change": change_between_slices(coarse_ct),
        "stain_change": change_between_slices(coarse_stain),
        # the change to the next slab's first slice is added up in the end
        "ct_ends": coarse_ct[[0, -1]],
        "stain_ends": coarse_stain[[0, -1]],
        "ct_row": _levels(ct[:, rows // 2]),
        "ct_column": _levels(ct[:, :, columns // 2]),
        "ct_middle": _levels(ct[slab["middle"] - slab["start"]])
        if slab["start"] <= slab["middle"] < slab["stop"]
        else np.empty(0, "u1"),
    }


def _levels(ct: np.ndarray) -> np.ndarray:
    return np.rint(ct * 255).astype(np.uint8)
