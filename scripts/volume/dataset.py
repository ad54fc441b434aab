"""A volume as a data set of slabs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import Dataset

from scripts.errors import InputError
from scripts.inferers.tiles import spans
from scripts.networks import StainGenerator
from scripts.volume.reader import find_volumes, open_volume
from scripts.volume.volume import Volume
from scripts.volume.window import volume_window

logger = logging.getLogger(__name__)


def list_slabs(
    source: str | PathLike[str],
    slab_size: int,
    network: StainGenerator,
    ct_window: Sequence[float] | None = None,
) -> list[dict[str, Any]]:
    """Cut one or several volumes into slabs of consecutive slices.

    Args:
        source: a volume, a folder of slices or a folder of volumes, see `find_volumes`.
        slab_size: slices per slab.
        network: the generator with its weights, whose buffers know the window and percentiles of its training.
        ct_window: window (lo, hi) for all volumes; None finds one per volume, see `volume_window`.

    Returns:
        One dictionary per slab: ``volume`` (path), ``name`` (of the volume, unique in this list), ``start`` and
        ``stop`` (slices, stop not included), ``ct_window`` (lo, hi).

    Raises:
        InputError: nothing to stain, or a volume that cannot be read.
    """
    if not isinstance(slab_size, int) or slab_size < 1:
        raise InputError(f"slab_size is {slab_size}: give --slab_size a whole number of slices, 1 or more.")
    slabs: list[dict[str, Any]] = []
    stems: dict[Path, str] = {}
    for path in find_volumes(str(source)):
        with open_volume(path) as volume:
            stems[path] = volume.name
            lo, hi, reason = volume_window(volume, network.percentiles, network.trained_window, ct_window)
            logger.info(
                "%s: %d x %d x %d voxels (z, y, x), %s, window %g to %g (%s)",
                path,
                *volume.shape,
                volume.dtype,
                lo,
                hi,
                reason,
            )
            for start, stop in spans(volume.shape[0], slab_size):
                slabs.append({"volume": path, "start": start, "stop": stop, "ct_window": (lo, hi)})
    shared = Counter(stems.values())
    for slab in slabs:
        path, stem = slab["volume"], stems[slab["volume"]]
        # "scan.nii.gz" and "scan.tif" in one folder would otherwise have one output
        slab["name"] = stem if shared[stem] == 1 else f"{stem}_{path.name[len(stem) :].strip('.').replace('.', '_')}"
        slab["volume"] = str(path)
    return slabs


class SlabDataset(Dataset):
    """Read slabs, each as a batch of slices.

    An item is its entry of `data` with ``image`` (n, 1, Y, X), float32 grey values, put through `transform`. At most
    one volume is open at a time.

    Args:
        data: slabs, see `list_slabs`.
        transform: dictionary transform of an item, for example ``WindowCTd``.
    """

    def __init__(self, data: Sequence[dict[str, Any]], transform: Callable | None = None) -> None:
        self.data, self.transform = list(data), transform
        self._open: tuple[str, Volume] | None = None

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        item = dict(self.data[index])
        slab = self._volume(item["volume"]).read(item["start"], item["stop"])
        item["image"] = torch.from_numpy(slab.astype("float32"))[:, None]
        return item if self.transform is None else self.transform(item)

    def _volume(self, path: str) -> Volume:
        if self._open is None or self._open[0] != path:
            if self._open is not None:
                self._open[1].close()
            self._open = (path, open_volume(path))
        return self._open[1]
