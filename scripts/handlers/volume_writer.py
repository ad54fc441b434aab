"""Writing stained volumes while they come."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from ignite.engine import Engine, Events
from monai.utils import CommonKeys as Keys

from scripts.errors import InputError
from scripts.handlers.failure import on_failure
from scripts.options import truth
from scripts.output_folder import writable_folder
from scripts.volume.reader import open_volume
from scripts.volume.writer import NiftiRGBWriter, RGBWriter, TiffRGBWriter

WRITERS: dict[str, type[RGBWriter]] = {"nii.gz": NiftiRGBWriter, "nii": NiftiRGBWriter, "tif": TiffRGBWriter}

logger = logging.getLogger(__name__)


class VolumeWriter:
    """Write the slabs that an evaluator stains to ``<output_dir>/<name>_stain.<format>``.

    The evaluator's batch is an item of a `SlabDataset`, its output holds ``pred`` (n, 3, Y, X) uint8.

    Args:
        output_dir: folder for the stained volumes.
        slabs: all slabs that will come, in order, see `list_slabs`.
        output_format: one or several of ``nii.gz``, ``nii``, ``tif``.
        overwrite: replace finished outputs of an earlier run.

    Raises:
        InputError: unknown format; an output exists already and `overwrite` is false; `output_dir` cannot be written
            or is the folder that was read.
    """

    def __init__(
        self,
        output_dir: str | os.PathLike,
        slabs: Sequence[dict[str, Any]],
        output_format: str | Sequence[str] = ("nii.gz", "tif"),
        overwrite: bool = False,
    ) -> None:
        self.output_dir = Path(output_dir)
        self.formats = [output_format] if isinstance(output_format, str) else list(dict.fromkeys(output_format))
        unknown = [suffix for suffix in self.formats if suffix not in WRITERS]
        if unknown or not self.formats:
            raise InputError(f"output_format '{', '.join(unknown)}' is no --output_format: give {', '.join(WRITERS)}.")
        self.last = {slab["name"]: slab["stop"] for slab in slabs}
        _refuse_input_folder(self.output_dir, {Path(slab["volume"]) for slab in slabs})
        for name in self.last:
            for path in self._paths(name):
                if path.exists() and not truth(overwrite, "overwrite"):
                    raise InputError(f"{path} exists already: give another --output_dir, or --overwrite true.")
        writable_folder(output_dir)
        self._writers: list[RGBWriter] = []

    def _paths(self, name: str) -> list[Path]:
        return [self.output_dir / f"{name}_stain.{suffix}" for suffix in self.formats]

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.ITERATION_COMPLETED, self)
        on_failure(engine, self._abort)

    def __call__(self, engine: Any) -> None:
        slab, pred = engine.state.batch, engine.state.output[Keys.PRED]
        if slab["start"] == 0:
            with open_volume(slab["volume"]) as volume:
                for path in self._paths(slab["name"]):
                    self._writers.append(WRITERS[path.name.removeprefix(f"{slab['name']}_stain.")](path, volume))
        stained = torch.as_tensor(pred).permute(0, 2, 3, 1).contiguous().cpu().numpy()
        for writer in self._writers:
            writer.write(slab["start"], stained)
        if slab["stop"] == self.last[slab["name"]]:
            while self._writers:
                self._writers[0].close()
                logger.info("stained volume: %s", self._writers.pop(0).path)

    def _abort(self) -> None:
        for writer in self._writers:
            writer.abort()
        self._writers.clear()


def _refuse_input_folder(output_dir: Path, volumes: set[Path]) -> None:
    """A stained volume among slices or volumes would be taken for one of them in the next run."""
    folders = {path if path.is_dir() else path.parent for path in volumes if path.is_dir() or len(volumes) > 1}
    if output_dir.resolve() in {folder.resolve() for folder in folders}:
        raise InputError(f"The folder {output_dir} is the input: give another --output_dir.")
