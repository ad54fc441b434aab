"""The stained volumes in a folder that `run inference` wrote, and what their records say."""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.data.padding import Padding
from scripts.errors import InputError
from scripts.fit.compare import words_of
from scripts.volume.grid.resampled import Resampling
from scripts.volume.read.units import UM_PER_MM
from scripts.volume.stain.request import FORMATS  # the first, OME-Zarr, can be read at a low resolution
from scripts.volume.write.maps import BY_NAME, NOVELTY, UNCERTAINTY
from scripts.weights.origin import SYNTHETIC, TRAINED_ON_SYNTHETIC, is_shipped

logger = logging.getLogger(__name__)

RECORD = "_stain.json"
UNFINISHED = "_stain.partial"
LARGEST = 1_000_000_000  # of any size in a record

BESIDE = (UNCERTAINTY.name, NOVELTY.name)  # the order of the fields of `Stained`


@dataclass(frozen=True)
class Stained:
    """A finished staining.

    Attributes:
        name: of the volume, as its files have it.
        record: content of ``<name>_stain.json``.
        stain: the stain in one of the formats.
        uncertainty: its uncertainty, None where that was not asked for.
        novelty: how unlike the training it is, None where that was not asked for.
    """

    name: str
    record: dict[str, Any]
    stain: Path
    uncertainty: Path | None
    novelty: Path | None = None

    @property
    def source(self) -> str:
        """The CT that was stained."""
        return str(self.record["input"]["path"])

    @property
    def caution(self) -> str:
        """That the stain's weights have seen synthetic data only, empty where the record does not say so."""
        checkpoint = self.record["checkpoint"]
        words = str(checkpoint.get("weights", ""))
        if is_shipped(checkpoint["sha256"]) or SYNTHETIC in words:
            return f"{self.name} was stained with {SYNTHETIC}."
        return f"{self.name} was stained with weights {TRAINED_ON_SYNTHETIC}." if TRAINED_ON_SYNTHETIC in words else ""

    @property
    def grid(self) -> dict[str, Any]:
        """What the record says of the stain's grid, which in records of version 0.9 and before is always the CT's."""
        entry: dict[str, Any] = self.record["grids"]["output"] if "grids" in self.record else self.record["input"]
        return entry

    @property
    def ct_shape(self) -> tuple[int, int, int]:
        """(Z, Y, X) of the CT."""
        z, y, x = self.record["input"]["shape_zyx"]
        return int(z), int(y), int(x)

    @property
    def affine(self) -> NDArray[np.float64] | None:
        """4 x 4 from the stain's indices (x, y, z) to mm, None where it is not known."""
        affine = self.grid.get("affine_xyz_to_mm")
        return None if affine is None else np.asarray(affine, float).reshape(4, 4)

    @property
    def resampling(self) -> Resampling | None:
        """How the CT is brought to the stain's grid, None where it is on it."""
        if self.shape == self.ct_shape:
            return None
        asked = (self.record.get("made_of") or {}).get("request", {}).get("nan_value")
        return Resampling(self.shape, self.window, self.window[0] if asked is None else float(asked), self.padding)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(Z, Y, X) of the stain."""
        z, y, x = self.grid["shape_zyx"]
        return int(z), int(y), int(x)

    @property
    def spacing(self) -> tuple[float, float, float] | None:
        """Voxel size (z, y, x) in mm, None where it is not known."""
        entry = self.grid
        in_mm = "voxel_size_zyx_mm" in entry  # of version 0.9 and before
        size = entry["voxel_size_zyx_mm" if in_mm else "voxel_size_zyx_um"]
        if size is None:
            return None
        z, y, x = (float(side) / (1 if in_mm else UM_PER_MM) for side in size)
        return z, y, x

    @property
    def made_of(self) -> dict[str, Any] | None:
        """Size and time of change of the CT's files when they were stained, see `file_signature`."""
        files: dict[str, Any] | None = self.record.get("made_of", {}).get("files")
        return files

    @property
    def ct_digest(self) -> str | None:
        """SHA-256 over the SHA-256 of the CT's slices along z, None where the record holds none of such slices.

        Of a CT that was resampled these are the slices on the stain's grid.
        """
        entry = self.record["input"]
        if entry.get("sliced_along") != "z":
            return None
        of_slices = self.record["grids"]["network"] if self.resampling else entry
        digest: str | None = of_slices.get("sha256_of_slice_sha256")
        return digest

    def digests(self, kind: str) -> list[str]:
        """For each level of the pyramid, SHA-256 over the SHA-256 of its slices; empty if the record holds none.

        Args:
            kind: name of a map.
        """
        return [str(digest) for digest in (self.record.get(kind) or {}).get("sha256_of_slice_sha256", [])]

    @property
    def zeros_left_out(self) -> bool:
        """Whether an OME-Zarr of this staining may lack chunks of zeros, which zarr writes no more since version 3."""
        version = self.record.get("software", {}).get("zarr", "2")
        return int(version.split(".")[0]) >= 3

    @property
    def window(self) -> tuple[float, float]:
        """Grey values that became black and white."""
        return float(self.record["window"]["lo"]), float(self.record["window"]["hi"])

    @property
    def padding(self) -> Padding:
        """Grey values that were stained as if nothing was there."""
        return Padding.from_json(self.record.get("padding", {}))

    @property
    def weights(self) -> str:
        """Which weights made it, in words; empty where the record does not say."""
        return str(self.record["checkpoint"].get("weights", ""))

    @property
    def differs(self) -> list[str]:
        """How the scan differs from those of the training, in sentences."""
        return words_of(self.record.get("fit") or {})


def find_stained(folder: Path, name: str | None = None) -> list[Stained]:
    """Find the finished stainings in a folder.

    Args:
        folder: output folder of `run inference`.
        name: of the volume that is wanted, None for all.

    Raises:
        InputError: no such folder; nothing stained in it, or nothing finished, or not of that name; a record that is
            none; a stain that is gone.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give the folder that `stain` or `run inference` wrote.")
    finished = sorted(path.name.removesuffix(RECORD) for path in folder.iterdir() if path.name.endswith(RECORD))
    unfinished = sorted(path.name.removesuffix(UNFINISHED) for path in folder.iterdir() if _is_unfinished(path))
    if name is None:
        for other in unfinished:
            if other not in finished and finished:
                logger.warning("%s is left out: its staining is not finished.", other)
        wanted = finished
    else:
        wanted = [name] if name in finished else []
    if wanted:
        return [_read(folder, one) for one in wanted]
    if unfinished and (name is None or name in unfinished):
        raise InputError(
            f"The staining {folder / (name or unfinished[0])}{UNFINISHED} is not finished: repeat the command that it "
            "was begun with, which goes on where it stopped."
        )
    if name is not None and finished:
        raise InputError(f"{folder} holds no stain of {name!r}: give --name one of {', '.join(finished)}.")
    raise InputError(
        f"{folder} holds no stained volume (no <name>{RECORD}): give the folder that `stain` or `run inference` wrote, "
        "not one of the volumes in it."
    )


def _is_unfinished(path: Path) -> bool:
    return path.name.endswith(UNFINISHED) and path.is_dir()


def _read(folder: Path, name: str) -> Stained:
    path = folder / f"{name}{RECORD}"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        paths = _paths(folder, name, record, "stain")
        stain = _first_there(paths)
        if stain is None:
            raise InputError(
                f"{path} is the record of a stain that is not there: expected {_or(paths)} beside it; copy it there or "
                "stain the volume again."
            )
        stained = Stained(name, record, stain, *(_beside(folder, name, record, kind) for kind in BESIDE))
        _ = stained.source, stained.padding, stained.made_of, stained.ct_digest, stained.zeros_left_out
        _ = [stained.digests(kind) for kind in BY_NAME], stained.weights, stained.differs
        _require_sound(stained)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{path} is not the record of a staining: it is damaged or another program's; stain the volume again."
        ) from error
    return stained


def _beside(folder: Path, name: str, record: dict[str, Any], kind: str) -> Path | None:
    """A map that was written beside the stain, None if it was not asked for or is gone."""
    if record.get(kind) is None:
        return None
    paths = _paths(folder, name, record, kind)
    found = _first_there(paths)
    if found is None:
        logger.warning("%s: its %s (%s) is not there and left out.", name, kind, _or(paths))
    return found


def _require_sound(stained: Stained) -> None:
    """Raise a ValueError, or the error of a wrong type, unless a record holds all that a page needs."""
    record = stained.record
    numbers = [
        *stained.shape,
        *stained.ct_shape,
        *(stained.spacing or ()),
        record.get("uncertainty") and record["uncertainty"]["views"],
    ]
    if any(number is not None and not 0 < number < LARGEST for number in numbers):
        raise ValueError("a size that is none")
    if not all(map(math.isfinite, stained.window)):
        raise ValueError("a window that is none")
    if stained.affine is not None and not np.isfinite(stained.affine).all():
        raise ValueError("an affine that is none")
    if not isinstance(record["checkpoint"]["sha256"], str):
        raise ValueError("a digest that is none")
    if not isinstance(record.get("checkpoint_path") or "", str) or "\0" in stained.source:
        raise ValueError("a path that is none")
    (record.get("made_of") or {}).get("request", {}).get("orientation")


def _paths(folder: Path, name: str, record: dict[str, Any], kind: str) -> list[Path]:
    """The volumes of a kind that this staining wrote: an earlier one may have left others in the folder.

    Files may be renamed together with their record, so only the endings of the names are taken from it.
    """
    outputs = record.get("outputs")
    formats = [
        suffix for suffix in FORMATS if outputs is None or any(one.endswith(f"_{kind}.{suffix}") for one in outputs)
    ]
    if not formats:
        raise ValueError(f"the record lists no {kind}")
    return [folder / f"{name}_{kind}.{suffix}" for suffix in formats]


def _first_there(paths: list[Path]) -> Path | None:
    return next((path for path in paths if path.exists()), None)


def _or(paths: list[Path]) -> str:
    return " or ".join(path.name for path in paths)
