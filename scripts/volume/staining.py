"""A staining on its way: what was asked for, what is done, and where it lies until it is finished.

Everything lies in ``<output_dir>/<name>_stain.partial/`` until it is whole: the plan, the stain as OME-Zarr, and one
small file per finished slab. Whoever finds the folder goes on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from scripts.errors import InputError
from scripts.inferers.tiles import spans
from scripts.volume.export import EXPORTS

VERSION = 4  # of the plan; one written by another version is not continued
AXES = ("z", "y", "x")
OME_ZARR = "ome.zarr"  # the format that is always made, and others from it
FORMATS = (OME_ZARR, *EXPORTS)
MAPS = ("stain", "uncertainty")


@dataclass(frozen=True)
class Request:
    """What decides the voxels of a stained volume; a staining is only continued where this is the same.

    Attributes:
        source: the volume, see `open_volume`.
        shape: (Z, Y, X).
        dtype: of the grey values.
        spacing: voxel size (z, y, x) in mm as it was asked for, None for the file's.
        orientation: axis codes as asked for, None for the file's.
        ct_window: (lo, hi) as asked for, None for a window found.
        slice_average: weights of neighbouring slices as asked for.
        nan_value: grey value of NaN and infinity, None for the window's lower end.
        axes: along which the volume is sliced.
        slab_size: slices per slab as asked for, None for a size found.
        output_format: formats besides preview and record.
        checkpoint: SHA-256 of the file.
        tile_size: longest side of a tile in pixels; another one may round a pixel to the next grey level.
        amp: whether the network computes in bfloat16.
        views: of each slice by which the uncertainty is found, 1 for none.
    """

    source: str
    shape: Sequence[int]
    dtype: str
    spacing: Sequence[float] | None
    orientation: str | None
    ct_window: Sequence[float] | None
    slice_average: Sequence[float]
    nan_value: float | None
    axes: Sequence[str]
    slab_size: int | None
    output_format: Sequence[str]
    checkpoint: str
    tile_size: int | None
    amp: bool
    views: int


@dataclass(frozen=True)
class Findings:
    """What was found out at the start of a staining.

    Attributes:
        window: (lo, hi) grey values that became black and white.
        window_source: "given", "trained" or "percentiles".
        slice_average: weights in use.
        slab_size: slices per slab.
        files: size and time of change of each file, to notice a volume that was exchanged.
    """

    window: Sequence[float]
    window_source: str
    slice_average: Sequence[float]
    slab_size: int
    files: dict[str, Sequence[int]] = field(default_factory=dict)


class Staining:
    """One volume's staining.

    Args:
        output_dir: folder of the results.
        name: of the volume, unique among those of a run.
        request: what was asked for.
    """

    def __init__(self, output_dir: Path, name: str, request: Request) -> None:
        self.output_dir, self.name, self.request = output_dir, name, request
        self.folder = output_dir / f"{name}_stain.partial"
        self.findings: Findings | None = None

    @property
    def outputs(self) -> list[str]:
        """Names of the files and folders that will be there in the end; the record comes last."""
        maps = MAPS if self.request.views > 1 else MAPS[:1]
        volumes = [f"{self.name}_{kind}.{suffix}" for kind in maps for suffix in self.request.output_format]
        return [*volumes, f"{self.name}_stain.png", f"{self.name}_stain.json"]

    @property
    def obsolete(self) -> list[str]:
        """Names of volumes that only another staining of this name has left, of another stain than the outputs."""
        every = [f"{self.name}_{kind}.{suffix}" for kind in MAPS for suffix in FORMATS]
        return [name for name in every if name not in self.outputs]

    @property
    def store(self) -> Path:
        """Folder of the OME-Zarr."""
        return self.folder / f"{self.name}_stain.ome.zarr"

    @property
    def uncertainty_store(self) -> Path:
        """Folder of the OME-Zarr of the uncertainty, if that was asked for."""
        return self.folder / f"{self.name}_uncertainty.ome.zarr"

    def axis_store(self, axis: str) -> Path:
        """Folder of the stain made along an axis, where it is fused with others or that axis is not z."""
        return self.folder / f"along_{axis}.zarr"

    def resume(self) -> bool:
        """Read the findings of an unfinished staining of the same request.

        Returns:
            Whether there is one.

        Raises:
            InputError: there is one of another request.
        """
        try:
            plan = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        except ValueError:
            plan = {}
        asked = _plain(asdict(self.request))
        begun = plan.get("request", {})
        differing = [
            f"{name} ({_short(begun.get(name))} instead of {_short(value)})"
            for name, value in asked.items()
            if begun.get(name) != value
        ]
        if plan.get("version") != VERSION or differing:
            what = ", ".join(differing) or "version of the software"
            raise InputError(
                f"{self.folder} is an unfinished staining with another {what}: repeat the command that it was begun "
                "with to finish it, or give --overwrite true to start anew."
            )
        self.findings = Findings(**plan["findings"])
        return True

    def begin(self, findings: Findings) -> None:
        """Make the folder and keep the request and the findings in it; what was in it is removed."""
        remove(self.folder)
        (self.folder / "slabs").mkdir(parents=True)
        self._write(findings)

    def update(self, files: dict[str, Sequence[int]]) -> None:
        """Note the state of the files that the rest is read from."""
        assert self.findings is not None
        self._write(replace(self.findings, files=files))

    def _write(self, findings: Findings) -> None:
        self.findings = findings
        plan = {"version": VERSION, "request": asdict(self.request), "findings": asdict(findings)}
        write_text(self.folder / "plan.json", json.dumps(plan, indent=2) + "\n")

    def is_whole(self) -> bool:
        """Whether all outputs are made, and some perhaps at their place already."""
        return (self.folder / "whole").exists()

    def is_finished(self, files: dict[str, Sequence[int]]) -> bool:
        """Whether the outputs of this very request, made from files in this state, lie at their place."""
        if self.folder.exists() or not all((self.output_dir / output).exists() for output in self.outputs):
            return False
        try:
            record = json.loads((self.output_dir / self.outputs[-1]).read_text(encoding="utf-8"))
        except ValueError:
            return False
        made_of = {"request": _plain(asdict(self.request)), "files": files}
        return isinstance(record, dict) and record.get("made_of") == made_of

    def lengths(self) -> dict[str, int]:
        """Slices along each axis that is sliced."""
        return {axis: self.request.shape[AXES.index(axis)] for axis in self.request.axes}

    def slabs(self) -> Iterator[tuple[str, int, int]]:
        """Axis, first slice and stop of all slabs."""
        assert self.findings is not None
        for axis, length in self.lengths().items():
            for start, stop in spans(length, self.findings.slab_size):
                yield axis, start, stop

    def record_path(self, axis: str, start: int) -> Path:
        """The small file that says that a slab is done."""
        return self.folder / "slabs" / f"{axis}_{start:06d}.npz"

    def is_done(self, axis: str, start: int) -> bool:
        return self.record_path(axis, start).exists()

    def note(self, axis: str, start: int, **notes: Any) -> None:
        """Note that a slab is stored, with what is worth knowing of it."""
        path = self.record_path(axis, start)
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(file, **notes)
        os.replace(partial, path)

    def notes(self, axis: str, start: int) -> dict[str, np.ndarray]:
        """What was noted of a slab."""
        with np.load(self.record_path(axis, start)) as notes:
            return dict(notes)

    def forget(self, axis: str, start: int) -> None:
        """Have a slab stained again."""
        self.record_path(axis, start).unlink(missing_ok=True)

    def is_stained(self) -> bool:
        """Whether all slabs are done."""
        return all(self.is_done(axis, start) for axis, start, _ in self.slabs())


def file_signature(files: Sequence[Path]) -> dict[str, Sequence[int]]:
    """Size in bytes and time of change in nanoseconds of each file, one of them all if there are many."""
    stats = {os.path.abspath(path): path.stat() for path in files}
    if len(stats) > 16:
        text = "".join(f"{path}{stat.st_size}{stat.st_mtime_ns};" for path, stat in sorted(stats.items()))
        return {"all": [len(stats), int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)]}
    return {path: [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8", errors="backslashreplace")
    os.replace(partial, path)


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there; a folder first loses its name, so that no half of it looks whole."""
    doomed = path.with_name(path.name + ".removed.partial")
    if doomed.exists():  # an earlier removal was cut off
        shutil.rmtree(doomed)
    if path.is_dir():
        path.rename(doomed)
        shutil.rmtree(doomed)
    else:
        path.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """As JSON gives it back: tuples as lists."""
    return json.loads(json.dumps(value))


def _short(value: Any) -> str:
    """As it may stand in a sentence: a checksum is known by its beginning."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."
