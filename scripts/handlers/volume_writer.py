"""Writing stained volumes while they come."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import ignite.distributed as idist
import numpy as np
import torch
from ignite.engine import Engine, Events
from monai.utils.enums import CommonKeys as Keys
from numpy.typing import NDArray

from scripts.errors import InputError, cannot_write
from scripts.handlers.failure import on_failure
from scripts.memory import give_back_freed_memory
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.dataset import READ, ReadSlab
from scripts.volume.stain.done import slab_store
from scripts.volume.stain.finish import finish
from scripts.volume.stain.results import ResultStores
from scripts.volume.stain.slab import Slab
from scripts.volume.write.axis_store import AxisStore
from scripts.volume.write.flicker import change_between_slices, grid_step
from scripts.volume.write.levels import counts_of_levels, unlike_of_slices
from scripts.volume.write.maps import Map

logger = logging.getLogger(__name__)


class VolumeWriter:
    """Store the slabs that an evaluator stains, while it stains the next, and finish each volume.

    The evaluator's batch is an item of a `SlabDataset`, its output holds ``pred`` (n, C, rows, columns) uint8: the
    channels of all maps that were asked for, one map after the other. A slab counts as done once it is stored, so that
    a run which was stopped can be continued at any slab. Of several processes each stores its own slabs and the first
    one finishes the volumes.

    Args:
        stainings: what is to be stained, see `plan_stainings`.
        details: what the record of each volume says of this run besides.
        threads: in which slabs are stored; None takes a thread of its own.
    """

    def __init__(
        self,
        stainings: Sequence[Begun],
        details: Mapping[str, Any] | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        self.details = dict(details or {})
        self.stainings = {begun.staining.name: begun for begun in stainings}
        self._stores: dict[tuple[str, str], ResultStores | AxisStore] = {}
        self._threads = threads or ThreadPoolExecutor(1, "slab writer")
        self._pending: Future[None] | None = None
        self._began = time.perf_counter()
        self._told = False

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_STARTED, self._start)
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        engine.add_event_handler(Events.COMPLETED, self._settle)
        on_failure(engine, self._keep)

    def _start(self, _engine: Engine) -> None:
        self._began = time.perf_counter()

    def __call__(self, engine: Any) -> None:
        batch = engine.state.batch
        read: ReadSlab = batch[READ]
        pred = require_levels(torch.as_tensor(engine.state.output[Keys.PRED]).cpu())
        seconds = time.perf_counter() - self._began
        # the writer's alone from here on: what the engine holds would stay until the next slab is stained
        engine.state.output = engine.state.batch = None
        stain = pred.permute(1, 0, 2, 3).numpy()
        # at once, for the memory of the grey values is needed for those of the slab that is read next
        ct = torch.as_tensor(batch.pop(Keys.IMAGE))
        maps = self.stainings[read.slab.name].staining.request.maps
        notes = _notes(read, self._middle(read.slab), ct[:, 0].cpu().numpy(), stain, maps)
        del ct
        self._settle()
        self._pending = self._threads.submit(self._store, read, stain, notes, seconds)

    def _middle(self, slab: Slab) -> int | None:
        """Where the volume's middle slice lies in a slab, None if the slab does not hold it."""
        middle = self.stainings[slab.name].staining.lengths()[slab.axis] // 2
        return middle - slab.start if slab.start <= middle < slab.stop else None

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
        folders = [begun.staining.folder for begun in self.stainings.values()]
        unfinished = [folder for folder in folders if folder.exists()]
        if unfinished and not self._told:
            self._told = True  # Ignite tells of an exception twice
            logger.info("what is stained so far is kept in %s; the same command goes on from there.", unfinished[0])

    def _store(self, read: ReadSlab, stain: NDArray[np.uint8], notes: dict[str, Any], seconds: float) -> None:
        began, slab = time.perf_counter(), read.slab
        begun = self.stainings[slab.name]
        try:
            kept = self._store_of(begun, slab.axis).write(slab.start, stain)
            times = np.array([read.seconds, seconds, time.perf_counter() - began])
            begun.note(slab.axis, slab.start, seconds=times, **kept, **notes)
            give_back_freed_memory()
        except OSError as error:
            again = "repeat the command, which goes on from here"
            cure = f"make the folder writable and {again}"
            raise cannot_write(begun.staining.folder, error, cure, f"free some space and {again}") from error
        if idist.get_world_size() == 1 and begun.is_stained():
            self._finish(begun)

    def _store_of(self, begun: Begun, axis: str) -> ResultStores | AxisStore:
        key = (begun.staining.name, axis)
        if key not in self._stores:
            self._stores[key] = slab_store(begun, axis)
        return self._stores[key]

    def finish(self) -> None:
        """Finish all volumes that are not yet: to be called by every process after the engine's run, which does not
        take place where no slab was left to stain.
        """
        idist.barrier()
        if idist.get_rank() == 0:
            for begun in self.stainings.values():
                if begun.staining.folder.exists():
                    self._finish(begun)

    def _finish(self, begun: Begun) -> None:
        for path in finish(begun, self.details):
            logger.info("%s", path)


def require_levels(pred: torch.Tensor) -> torch.Tensor:
    """Return a stain in grey levels; one in [0, 1] would be stored as black.

    Raises:
        InputError: it is no uint8.
    """
    if pred.dtype != torch.uint8:
        raise InputError("The inferer gives no grey levels: leave inferer#as_uint8 as it is, true.")
    return pred


def _notes(
    read: ReadSlab, middle: int | None, ct: NDArray[np.float32], stained: NDArray[np.uint8], maps: Sequence[Map]
) -> dict[str, Any]:
    """What record and preview need to know of a slab, to read nothing again.

    Args:
        read: what was noticed when it was read.
        middle: where the volume's middle slice lies in it, None if elsewhere.
        ct: (n, rows, columns) windowed, in [0, 1].
        stained: (C, n, rows, columns) uint8, the channels of all maps.
        maps: which these are, the stain first.
    """
    stain, greys = stained[: len(maps[0].channels)], stained[len(maps[0].channels) :]
    rows, columns = stain.shape[2:]
    step = grid_step((rows, columns))
    coarse_ct = np.stack([_levels(image[::step, ::step]) for image in ct])  # not at once: floats take four times that
    coarse_stain = np.moveaxis(stain[:, :, ::step, ::step], 0, -1)
    return {
        "digests": read.digests,
        "replaced": read.replaced,
        **{each.name: counts_of_levels(levels) for each, levels in zip(maps[1:], greys, strict=True)},
        **{f"{each.name}_unlike": unlike_of_slices(levels) for each, levels in zip(maps[1:], greys, strict=True)},
        "ct_change": change_between_slices(coarse_ct),
        "stain_change": change_between_slices(coarse_stain),
        # the change to the next slab's first slice is added up in the end
        "ct_ends": coarse_ct[[0, -1]],
        "stain_ends": coarse_stain[[0, -1]],
        "ct_row": _levels(ct[:, rows // 2]),
        "ct_column": _levels(ct[:, :, columns // 2]),
        "ct_middle": np.empty(0, np.uint8) if middle is None else _levels(ct[middle]),
    }


def _levels(ct: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(ct * 255).astype(np.uint8)
