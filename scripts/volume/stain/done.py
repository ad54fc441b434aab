"""Whether what counts as done is on the disk as it was stored: slabs, and outputs that only need to be moved."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

import numpy as np

from scripts.data.spans import spans
from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.printable import listed
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.request import OME_ZARR
from scripts.volume.stain.results import ResultStores, axis_stores
from scripts.volume.write.axis_store import AxisStore
from scripts.volume.write.stain_store import StainStore
from scripts.volume.write.stored import digest_of_files, remove_files

logger = logging.getLogger(__name__)


def slab_store(begun: Begun, axis: str) -> ResultStores | AxisStore:
    """What the slabs along an axis are written to."""
    return ResultStores(begun) if begun.staining.request.in_one_pass else axis_stores(begun)[axis]


def forget_damaged(begun: Begun) -> int:
    """Have those slabs stained again whose files or notes are gone or no longer what was written.

    Returns:
        How many.
    """
    stores = {axis: slab_store(begun, axis) for axis in begun.staining.request.axes}
    forgotten = []
    for axis, start, stop in begun.slabs():
        done = begun.is_done(axis, start)
        if done and _is_stored(begun, stores[axis], axis, start, stop):
            continue
        remove_files(stores[axis].files(start, stop))
        if done:
            begun.forget(axis, start)
            forgotten.append(f"{axis} {start}")
    if forgotten:
        logger.warning(
            "%s: %d slabs are damaged or gone since they were stored (from slice %s) and are stained again.",
            begun.staining.folder,
            len(forgotten),
            listed(forgotten, 8),
        )
    return len(forgotten)


def _is_stored(begun: Begun, store: ResultStores | AxisStore, axis: str, start: int, stop: int) -> bool:
    try:
        noted = begun.notes(axis, start)["stored"]
    except InputError:
        return False
    return np.array_equal(noted, store.stored(start, stop))


def lost_output(begun: Begun) -> str | None:
    """The first output that is neither in the staining's folder nor at its place as it was made, None if all are."""
    for name, digest in begun.made.items():
        made = begun.staining.folder / name
        path = made if os.path.lexists(made) else begun.staining.output_dir / name
        if _output_digest(begun, path) != digest:
            return name
    return None


def _output_digest(begun: Begun, path: Path) -> str | None:
    if path.is_symlink() or not path.exists():
        return None
    if not path.name.endswith(OME_ZARR):
        return file_digest(path)
    results = ResultStores(begun)
    store = next(store for store in results.stores if store.path.name == path.name)
    there = StainStore(path, store.shape, store.slab_size, store.channels)
    slabs = spans(store.shape[0], store.slab_size)
    return digest_of_slabs([digest_of_files(there.files(start, stop)) for start, stop in slabs])


def digest_of_slabs(digests: list[bytes]) -> str:
    """The digest of an OME-Zarr from those of its slabs' files."""
    return hashlib.sha256(b"".join(digests)).hexdigest()
