"""A staining on its way: what was asked for, what is done, and where it lies until it is finished.

Everything lies in ``<output_dir>/<name>_stain.partial/`` until it is whole: the plan, the stain as OME-Zarr, and one
small file per finished slab. Whoever finds the folder goes on from there.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.volume.read.volume import AXES
from scripts.volume.stain import unfinished
from scripts.volume.stain.request import FORMATS, MAPS, VERSION, Findings, Request
from scripts.whole import partial_of, whole_file, write_text


class Staining:
    """One volume's staining.

    Args:
        output_dir: folder of the results.
        name: of the volume, unique among those of a run.
        request: what was asked for.
        weights: what people call the weights, see `describe_weights`.

    Attributes:
        folder: where all of it lies until it is whole.
        findings: what was found at its start, None before.
        made: SHA-256 of each output once all are made and only need to be moved to their place; empty before. Of an
            OME-Zarr it is that of the digests of its slabs' files.
    """

    def __init__(self, output_dir: Path, name: str, request: Request, weights: str = "") -> None:
        self.output_dir, self.name, self.request, self.weights = output_dir, name, request, weights
        self.folder = partial_of(output_dir / f"{name}_stain")
        self.findings: Findings | None = None
        self.made: dict[str, str] = {}

    @property
    def outputs(self) -> list[str]:
        """Names of the files and folders that will be there in the end; the record comes last."""
        maps = MAPS if self.request.views > 1 else MAPS[:1]
        volumes = [f"{self.name}_{kind}.{suffix}" for kind in maps for suffix in self.request.output_format]
        return [*volumes, f"{self.name}_stain.png", f"{self.name}_stain.json"]

    @property
    def obsolete(self) -> list[str]:
        """Names of volumes that only another staining of this name has left, of another stain than the outputs."""
        return [name for name in self._volumes if name not in self.outputs]

    @property
    def _volumes(self) -> list[str]:
        return [f"{self.name}_{kind}.{suffix}" for kind in MAPS for suffix in FORMATS]

    @property
    def own_names(self) -> set[str]:
        """Names of all that any version writes to the folder, its plan left out."""
        outputs = [*self._volumes, f"{self.name}_stain.png", f"{self.name}_stain.json"]
        names = [*outputs, *(self.axis_store(axis).name for axis in AXES), self.copy.name, "slabs", "replaced"]
        return {*names, *(f"{name}.partial" for name in names), "whole", "ct.h5", "ct.h5.partial"}

    @property
    def copy(self) -> Path:
        """The CT in cubes, to be sliced along other axes."""
        return self.folder / "ct.cubes"

    @property
    def longest_slab(self) -> int:
        """Slices of its largest slab: a volume may have fewer than a slab."""
        assert self.findings is not None
        return min(self.findings.slab_size, max(self.lengths().values()))

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
            InputError: there is one of another request or version, or its plan is damaged.
        """
        plan = self._plan()
        if plan is None:
            return False
        asked, begun = _plain(asdict(self.request)), plan["request"]
        differing = [
            f"{name} ({_short(begun.get(name))} instead of {_short(value)})"
            for name, value in asked.items()
            if begun.get(name) != value
        ]
        if differing:
            raise InputError(
                f"{self.folder} is an unfinished staining with another {', '.join(differing)}: repeat the command that "
                "it was begun with to finish it, or give --overwrite true to start anew."
            )
        self.findings, self.made = Findings(**plan["findings"]), plan["made"]
        (self.folder / "slabs").mkdir(exist_ok=True)
        return True

    def _plan(self) -> dict[str, Any] | None:
        path = self.folder / unfinished.PLAN
        try:
            plan = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            plan = None
        anew = "give --overwrite true to start anew"
        if isinstance(plan, dict) and plan.get("version", VERSION) != VERSION:
            raise InputError(
                f"{self.folder} is an unfinished staining of another version of the software: finish it with that "
                f"version, or {anew}."
            )
        if not isinstance(plan, dict) or plan.pop("sha256", None) != _digest(plan):
            raise InputError(f"{path} is damaged, so that its staining cannot be continued: {anew}.")
        return plan

    def begin(self, findings: Findings) -> None:
        """Make the folder, or empty it of an earlier staining, and keep the request and the findings in it."""
        self.folder.mkdir(exist_ok=True)
        unfinished.clear(self.folder, self.own_names)
        self.made = {}
        self._write(findings)
        (self.folder / "slabs").mkdir(exist_ok=True)

    def discard(self) -> None:
        """Remove the folder."""
        unfinished.discard(self.folder, self.own_names)

    def settle(self, made: dict[str, str]) -> None:
        """Note that all outputs are made, or by an empty dictionary that they are to be made again."""
        assert self.findings is not None
        self.made = made
        self._write(self.findings)

    def update(self, files: dict[str, Sequence[int]]) -> None:
        """Note the state of the files that the rest is read from."""
        assert self.findings is not None
        self._write(replace(self.findings, files=files))

    def _write(self, findings: Findings) -> None:
        self.findings = findings
        plan = {
            "version": VERSION,
            "request": asdict(self.request),
            "findings": asdict(findings),
            "made": self.made,
        }
        plan["sha256"] = _digest(plan)
        write_text(self.folder / unfinished.PLAN, json.dumps(plan, indent=2) + "\n")

    def is_whole(self) -> bool:
        """Whether all outputs are made, and some perhaps at their place already."""
        return bool(self.made)

    def is_finished(self, files: dict[str, Sequence[int]]) -> bool:
        """Whether the outputs of this very request, made from files in this state, lie at their place."""
        if (self.folder / unfinished.PLAN).exists() or not all(
            (self.output_dir / output).exists() for output in self.outputs
        ):
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
        path, content = self.record_path(axis, start), io.BytesIO()
        np.savez(content, **notes)
        with whole_file(path) as partial:
            partial.write_bytes(content.getvalue() + hashlib.sha256(content.getvalue()).digest())

    def notes(self, axis: str, start: int) -> dict[str, np.ndarray]:
        """What was noted of a slab.

        Raises:
            InputError: the note is gone, or no bit for bit what was written.
        """
        path = self.record_path(axis, start)
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
        self.record_path(axis, start).unlink(missing_ok=True)

    def is_stained(self) -> bool:
        """Whether all slabs are done."""
        return all(self.is_done(axis, start) for axis, start, _ in self.slabs())


def _digest(plan: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """As JSON gives it back: tuples as lists."""
    return json.loads(json.dumps(value))


def _short(value: Any) -> str:
    """As it may stand in a sentence: a checksum is known by its beginning."""
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."
