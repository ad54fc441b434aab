"""The arrays that a staining is written to: the stain, and its uncertainty if that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.volume.read.volume import Volume
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.request import MAPS
from scripts.volume.write.axis_store import AxisStore
from scripts.volume.write.stain_store import GREY, StainStore
from scripts.volume.write.stored import digest_of_files, settle_files


class ResultStores:
    """Stain and uncertainty of one volume, written together.

    Args:
        begun: the staining that they belong to.
    """

    def __init__(self, begun: Begun) -> None:
        found, staining, request = begun.findings, begun.staining, begun.staining.request
        z, y, x = request.shape
        self.name = staining.name
        self.stain = StainStore(staining.store, (z, y, x), found.slab_size)
        self.uncertainty = (
            StainStore(staining.uncertainty_store, (z, y, x), found.slab_size, GREY) if request.views > 1 else None
        )

    @property
    def stores(self) -> Iterator[StainStore]:
        """Those there are."""
        yield self.stain
        if self.uncertainty is not None:
            yield self.uncertainty

    def create(self, volume: Volume) -> None:
        """Make the folders with all metadata, unless they are there."""
        self.stain.create(self.name, volume.spacing, volume.affine)
        if self.uncertainty is not None:
            self.uncertainty.create(f"{self.name} uncertainty", volume.spacing, volume.affine)

    def write(self, start: int, slab: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Write a slab (3 or 4, n, Y, X) of stain and uncertainty.

        Returns:
            What is to be noted of it: ``stored``, uint8 (1 or 2, 32), what `stored` finds as long as the slab is whole;
            ``stain_slices_0`` and so on for each level, and ``uncertainty_slices_0``, see `StainStore.write`.
        """
        first, stop, kept, digests = 0, start + slab.shape[1], {}, []
        for kind, store in zip(MAPS, self.stores, strict=False):
            for level, slices in enumerate(store.write(start, slab[first : first + len(store.channels)])):
                kept[f"{kind}_slices_{level}"] = slices
            digests.append(settle_files(store.path, store.files(start, stop)))
            first += len(store.channels)
        return {"stored": _array(digests), **kept}

    def files(self, start: int, stop: int) -> Iterator[Path]:
        """The files of a slab's chunks, whether they are there or not."""
        for store in self.stores:
            yield from store.files(start, stop)

    def stored(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Digests (1 or 2, 32) of a slab's files: of the stain, and of the uncertainty."""
        return _array([digest_of_files(store.files(start, stop)) for store in self.stores])


def _array(digests: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.array([list(digest) for digest in digests], np.uint8)


def counts_of_levels(slab: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many voxels of a uint8 slab (n, Y, X) have each level, (256,)."""
    # slice by slice: bincount takes eight bytes for each of its voxels
    counts: NDArray[np.int64] = np.sum([np.bincount(image.ravel(), minlength=256) for image in slab], axis=0)
    return counts


def axis_stores(begun: Begun) -> dict[str, AxisStore]:
    """Where the stains made along single axes are kept until they are fused, by axis."""
    found, staining, request = begun.findings, begun.staining, begun.staining.request
    z, y, x = request.shape
    channels = 4 if request.views > 1 else 3
    return {
        axis: AxisStore(staining.axis_store(axis), (z, y, x), axis, found.slab_size, channels) for axis in request.axes
    }
