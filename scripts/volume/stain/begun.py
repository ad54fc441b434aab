"""A staining on its way: what was found at its start, and which of its slabs are done."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.padding import Padding
from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.volume.grid.resampled import ResampledVolume, Resampling
from scripts.volume.read.volume import Volume
from scripts.volume.stain import unfinished
from scripts.volume.stain.plan_file import read_plan, write_plan
from scripts.volume.stain.request import Findings, Request
from scripts.volume.stain.staining import Staining
from scripts.whole import whole_file


class Begun:
    """A staining whose folder is there.

    Args:
        staining: what was asked for.
        findings: what was found at its start.
        made: SHA-256 of each output once all are made and only need to be moved to their place; empty before. Of an
            OME-Zarr it is that of the digests of its slabs' files.
    """

    def __init__(self, staining: Staining, findings: Findings, made: Mapping[str, str] | None = None) -> None:
        self.staining, self.findings, self.made = staining, findings, dict(made or {})

    @property
    def longest_slab(self) -> int:
        """Slices of its largest slab: a volume may have fewer than a slab."""
        return min(self.findings.slab_size, max(self.staining.lengths().values()))

    @property
    def nan_value(self) -> float:
        """Grey value that NaN, infinity and padding become."""
        return _nan_value(self.staining.request, self.findings)

    @property
    def resampling(self) -> Resampling | None:
        """How the volume is brought to the network's grid, None where it is left alone."""
        return resampling_for(self.staining.request, self.findings)

    def on_network_grid(self, volume: Volume) -> Volume:
        """The volume as it is stained: resampled, or as it is."""
        return volume if self.resampling is None else ResampledVolume(volume, self.resampling)

    def on_output_grid(self, volume: Volume) -> Volume:
        """The volume on the grid of the outputs."""
        return volume if self.staining.request.output_shape == volume.shape else self.on_network_grid(volume)

    def settle(self, made: Mapping[str, str]) -> None:
        """Note that all outputs are made, or by an empty dictionary that they are to be made again."""
        self.made = dict(made)
        write_plan(self.staining, self.findings, self.made)

    def update(self, **changes: Any) -> None:
        """Note what is found later: the state of the files that the rest is read from, what was replaced in a copy."""
        self.findings = replace(self.findings, **changes)
        write_plan(self.staining, self.findings, self.made)

    def is_whole(self) -> bool:
        """Whether all outputs are made, and some perhaps at their place already."""
        return bool(self.made)

    def slabs(self) -> Iterator[tuple[str, int, int]]:
        """Axis, first slice and stop of all slabs."""
        for axis, length in self.staining.lengths().items():
            for start, stop in spans(length, self.findings.slab_size):
                yield axis, start, stop

    def is_stained(self) -> bool:
        """Whether all slabs are done."""
        return all(self.is_done(axis, start) for axis, start, _ in self.slabs())

    def is_done(self, axis: str, start: int) -> bool:
        """Whether a slab is noted as stored."""
        return self._path(axis, start).exists()

    def note(self, axis: str, start: int, **notes: Any) -> None:
        """Note that a slab is stored, with what is worth knowing of it: arrays, by name."""
        content = io.BytesIO()
        np.savez(content, **notes)
        with whole_file(self._path(axis, start)) as partial:
            partial.write_bytes(content.getvalue() + hashlib.sha256(content.getvalue()).digest())

    def notes(self, axis: str, start: int) -> dict[str, NDArray[Any]]:
        """What was noted of a slab.

        Raises:
            InputError: the note is gone, or no bit for bit what was written.
        """
        path = self._path(axis, start)
        try:
            content = path.read_bytes()
        except OSError:
            content = b""
        body, digest = content[:-32], content[-32:]
        if hashlib.sha256(body).digest() != digest:
            raise InputError(f"{path} is damaged: repeat the command, which stains its slab again.")
        with np.load(io.BytesIO(body)) as notes:
            return dict(notes)

    def forget(self, axis: str, start: int) -> None:
        """Have a slab stained again."""
        self._path(axis, start).unlink(missing_ok=True)

    def _path(self, axis: str, start: int) -> Path:
        return self.staining.notes / f"{axis}_{start:06d}.npz"


def _nan_value(request: Request, found: Findings) -> float:
    return found.window[0] if request.nan_value is None else request.nan_value


def resampling_for(request: Request, found: Findings) -> Resampling | None:
    """How a volume is brought to the network's grid, None where it is left alone."""
    if request.network_shape is None:
        return None
    lo, hi = found.window
    return Resampling(request.stained_shape, (lo, hi), _nan_value(request, found), Padding.from_json(found.padding))


def resume(staining: Staining) -> Begun | None:
    """Take up an unfinished staining of the same request, None where there is none.

    Raises:
        InputError: there is one of another request or version, or its plan is damaged.
    """
    plan = read_plan(staining)
    if plan is None:
        return None
    staining.notes.mkdir(exist_ok=True)
    return Begun(staining, *plan)


def begin(staining: Staining, findings: Findings) -> Begun:
    """Make the folder, or empty it of an earlier staining, and keep the request and the findings in it.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    staining.folder.mkdir(exist_ok=True)
    unfinished.clear(staining.folder, staining.own_names)
    write_plan(staining, findings, {})
    staining.notes.mkdir(exist_ok=True)
    return Begun(staining, findings)
