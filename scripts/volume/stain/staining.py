"""A staining that is asked for, and the names under which it lies on the disk.

Everything lies in ``<output_dir>/<name>_stain.partial/`` until it is whole: the plan, the stain as OME-Zarr, and one
small file per finished slab. Whoever finds the folder goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.volume.read.volume import AXES
from scripts.volume.stain import unfinished
from scripts.volume.stain.request import FORMATS, Request
from scripts.volume.write.maps import MAPS, Map
from scripts.whole import partial_of


@dataclass(frozen=True)
class Staining:
    """One volume's staining.

    Attributes:
        output_dir: folder of the results.
        name: of the volume, unique among those of a run.
        request: what was asked for.
        weights: what people call the weights, see `describe_weights`.
        members: SHA-256 of the weights that an ensemble was made of.
    """

    output_dir: Path
    name: str
    request: Request
    weights: str = ""
    members: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """Where all of it lies until it is whole."""
        return partial_of(self.output_dir / f"{self.name}_stain")

    @property
    def outputs(self) -> list[str]:
        """Names of the files and folders that will be there in the end; the record comes last."""
        volumes = [
            f"{self.name}_{each.name}.{suffix}" for each in self.request.maps for suffix in self.request.output_format
        ]
        return [*volumes, f"{self.name}_stain.png", f"{self.name}_stain.json"]

    @property
    def obsolete(self) -> list[str]:
        """Names of volumes that only another staining of this name has left, of another stain than the outputs."""
        return [name for name in self._volumes if name not in self.outputs]

    @property
    def _volumes(self) -> list[str]:
        return [f"{self.name}_{each.name}.{suffix}" for each in MAPS for suffix in FORMATS]

    @property
    def own_names(self) -> set[str]:
        """Names of all that any version writes to the folder, its plan left out."""
        outputs = [*self._volumes, f"{self.name}_stain.png", f"{self.name}_stain.json"]
        names = [*outputs, *(self.axis_store(axis).name for axis in AXES), self.copy.name, self.notes.name, "replaced"]
        return {*names, *(partial_of(Path(name)).name for name in names), "whole", "ct.h5", "ct.h5.partial"}

    @property
    def copy(self) -> Path:
        """The CT in cubes, to be sliced along other axes."""
        return self.folder / "ct.cubes"

    @property
    def notes(self) -> Path:
        """Folder of the small files, one for each slab that is done."""
        return self.folder / "slabs"

    def store(self, of: Map) -> Path:
        """Folder of a map's OME-Zarr."""
        return self.folder / f"{self.name}_{of.name}.ome.zarr"

    def axis_store(self, axis: str) -> Path:
        """Folder of the stain made along an axis, where it is fused with others or that axis is not z."""
        return self.folder / f"along_{axis}.zarr"

    def lengths(self) -> dict[str, int]:
        """Slices along each axis that is sliced."""
        return {axis: self.request.stained_shape[AXES.index(axis)] for axis in self.request.axes}

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
        made_of = {"request": self.request.to_json(), "files": files}
        return isinstance(record, dict) and record.get("made_of") == made_of

    def discard(self) -> None:
        """Remove the folder."""
        unfinished.discard(self.folder, self.own_names)
