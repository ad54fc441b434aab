"""The arrays that a staining is written to: the stain, and the other maps that were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, ValuesView
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.volume.read.volume import Volume
from scripts.volume.stain.begun import Begun
from scripts.volume.write.axis_store import AxisStore
from scripts.volume.write.maps import STAIN, channel_count
from scripts.volume.write.stain_store import StainStore
from scripts.volume.write.stored import digest_of_files, settle_files


class ResultStores:
    """All maps of one volume, written together.

    Args:
        begun: the staining that they belong to.
    """

    def __init__(self, begun: Begun) -> None:
        found, staining, request = begun.findings, begun.staining, begun.staining.request
        self.name = staining.name
        self.by_name = {
            each.name: StainStore(staining.store(each), request.output_shape, found.slab_size, each.channels)
            for each in request.maps
        }
        self.stain = self.by_name[STAIN.name]

    @property
    def stores(self) -> ValuesView[StainStore]:
        """Those there are, the stain first."""
        return self.by_name.values()

    def create(self, volume: Volume) -> None:
        """Make the folders with all metadata, unless they are there."""
        for kind, store in self.by_name.items():
            title = self.name if kind == STAIN.name else f"{self.name} {kind}"
            store.create(title, volume.spacing, volume.affine)

    def write(self, start: int, slab: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Write a slab (C, n, Y, X): the channels of all maps, one map after the other.

        Returns:
            What is to be noted of it: ``stored``, uint8 (maps, 32), what `stored` finds as long as the slab is whole;
            ``stain_slices_0`` and so on for each level of each map, see `StainStore.write`.
        """
        first, stop, kept, digests = 0, start + slab.shape[1], {}, []
        for kind, store in self.by_name.items():
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
        """Digests (maps, 32) of a slab's files, of the stain first."""
        return _array([digest_of_files(store.files(start, stop)) for store in self.stores])


def _array(digests: Sequence[bytes]) -> NDArray[np.uint8]:
    return np.array([list(digest) for digest in digests], np.uint8)


def axis_stores(begun: Begun) -> dict[str, AxisStore]:
    """Where the stains made along single axes are kept until they are fused or resampled, by axis."""
    found, staining, request = begun.findings, begun.staining, begun.staining.request
    channels = channel_count(request.maps)
    return {
        axis: AxisStore(staining.axis_store(axis), request.stained_shape, axis, found.slab_size, channels)
        for axis in request.axes
    }
