"""A stained volume in other formats: read slab by slab, compared with its record, written whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bundle.shared.stained import Stained, find_stained
from bundle.shared.stained_layer import Layer, open_layer, require_chunks
from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.files.opening import reading
from scripts.files.output_folder import writable_folder
from scripts.volume.read.volume import Volume
from scripts.volume.stain.request import FORMATS, OME_ZARR
from scripts.volume.write.export import EXPORTS
from scripts.volume.write.maps import BY_NAME
from scripts.volume.write.stain_store import StainStore
from scripts.whole import whole_folder, writing

SLICES = 32  # read at once, and the depth of a chunk of an OME-Zarr


class Recorded(Volume):
    """The CT of a stain as its record describes it: shape and geometry, without grey values."""

    def __init__(self, stained: Stained) -> None:
        self.path, self.source, self.files = Path(stained.source), stained.source, []
        self.shape, self.spacing, self.dtype = stained.shape, stained.spacing, np.dtype(np.uint8)
        self.affine = stained.affine
        self.stem = stained.name

    @property
    def name(self) -> str:
        """Of the stain's files."""
        return self.stem

    def _read(self, start: int, stop: int) -> np.ndarray[Any, Any]:
        # never called: exporting asks a volume for its shape and geometry alone
        raise NotImplementedError(f"slices {start} to {stop} of a record, which has none")

    def close(self) -> None:
        """Nothing is open."""


def check_formats(formats: Sequence[str]) -> list[str]:
    """Return the formats, each once.

    Raises:
        InputError: one is unknown.
    """
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"--to {','.join(formats)}: {name!r} is no format: give one of {', '.join(FORMATS)}.")
    return list(dict.fromkeys(formats))


def find(place: Path, name: str | None) -> list[Stained]:
    """The stainings that are meant by a folder, or by the path of a stain in it.

    Raises:
        InputError: there is none with its record.
    """
    for suffix in FORMATS:
        stem = place.name.removesuffix(f"_stain.{suffix}")
        if stem != place.name:
            return find_stained(place.parent, stem)
    return find_stained(place, name)


def convert(stained: Stained, formats: Sequence[str], out: Path | None = None) -> Iterator[Path]:
    """Write stain and, where there are some, uncertainty and novelty in other formats.

    Args:
        stained: finished, with its record.
        formats: of `FORMATS`.
        out: folder; None for that of the stain.

    Yields:
        Each file once it is whole.

    Raises:
        InputError: an output exists; the stain is not what its record describes; the disk is full.
    """
    sources = {"stain": stained.stain, "uncertainty": stained.uncertainty, "novelty": stained.novelty}
    for kind, source in sources.items():
        if stained.record.get(kind) is not None and source is None:
            raise InputError(
                f"{stained.name} was stained with its {kind}, which is no longer beside {stained.stain}: copy it "
                "there, or stain the volume again."
            )
    folder = stained.stain.parent if out is None else writable_folder(out, "--out")
    paths = {
        (kind, suffix): folder / f"{stained.name}_{kind}.{suffix}"
        for kind, source in sources.items()
        for suffix in formats
        if source is not None
    }
    for path in paths.values():
        if path.exists() or path.is_symlink():
            raise InputError(f"{path} exists already: give another --out, or remove it.")
    for (kind, suffix), path in paths.items():
        source = sources[kind]
        assert source is not None
        layer = open_layer(source, len(BY_NAME[kind].channels), stained.shape, stained.zeros_left_out)
        slabs = _compared(layer, stained.digests(kind))
        if suffix == OME_ZARR:
            _write_zarr(path, kind, stained, slabs)
        else:
            EXPORTS[suffix](path, Recorded(stained), slabs, len(BY_NAME[kind].channels))
        yield path


def _compared(layer: Layer, digests: Sequence[str]) -> Iterator[npt.NDArray[np.uint8]]:
    """Slabs (n, Y, X, channels); at the end an InputError if they are not those of the record."""
    level, digest = layer.levels[0], hashlib.sha256()
    require_chunks(layer, level)
    for start, stop in spans(level.shape[0], SLICES):
        with reading(layer.path):
            slab = level.read(start, stop)
        for image in slab:
            digest.update(hashlib.sha256(np.ascontiguousarray(np.moveaxis(image, -1, 0)).data).digest())
        yield slab
    if digests and digest.hexdigest() != digests[0]:
        raise InputError(
            f"{layer.path} is not what its record describes: its voxels were changed since; copy it again or stain "
            "the volume again."
        )


def _write_zarr(path: Path, kind: str, stained: Stained, slabs: Iterator[npt.NDArray[np.uint8]]) -> None:
    volume = Recorded(stained)
    with writing(path, "give another --out"), whole_folder(path) as partial:
        store = StainStore(partial, stained.shape, SLICES, BY_NAME[kind].channels)
        store.create(stained.name if kind == "stain" else f"{stained.name} {kind}", volume.spacing, volume.affine)
        for number, slab in enumerate(slabs):
            store.write(number * SLICES, np.moveaxis(slab, -1, 0))
