"""A volume as a data set of slabs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.utils import CommonKeys as Keys
from torch.utils.data import Dataset

from scripts.data.image.precise import as_float
from scripts.data.padding import NO_PADDING, Padding
from scripts.memory import empty_slab
from scripts.volume.read.reader import open_volume
from scripts.volume.read.rechunk import SidewaysVolume
from scripts.volume.read.volume import Volume


class _Slice(NamedTuple):
    values: np.ndarray  # float32, or float64 where only that tells them apart; finite
    digest: bytes  # SHA-256 of the stored grey values
    replaced: int  # voxels that were NaN or infinite


class SlabDataset(Dataset):
    """Read slabs, each as a batch of slices, one ahead of the one in use.

    An item is its entry of `data` with ``image`` (n, 1, rows, columns), float32, what `transform` makes of the slices;
    ``digests`` (n + neighbours, 32), SHA-256 of each slice that was read; ``replaced``, the number of voxels that were
    NaN or infinite; ``seconds_reading``. Not for use from several threads or worker processes.

    Args:
        data: slabs, see `slabs_to_stain`.
        transform: dictionary transform of one slice, (1, rows, columns) grey values under ``image``, for example
            ``WindowCTd``. It is called slice by slice, so that a slab is in memory once and not in every stage.
        threads: in which slabs are read; None takes a thread of its own.
    """

    def __init__(
        self,
        data: Sequence[dict[str, Any]],
        transform: Callable | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        self.data, self.transform, self.threads = list(data), transform, threads
        self._volume: tuple[tuple[str, str], Volume] | None = None
        self._slices: dict[int, _Slice] = {}  # those that the next slab needs too
        self._ahead: tuple[int, Future] | None = None

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return a slab and start to read the next.

        Raises:
            InputError: damaged or missing slices.
        """
        if self.threads is None:
            self.threads = ThreadPoolExecutor(1, "slab reader")
        waiting, self._ahead = self._ahead, None
        if waiting is not None and waiting[0] == index:
            item = waiting[1].result()
        else:
            if waiting is not None and not waiting[1].cancel():
                # two loads at once would share what they keep; what went wrong with that one matters no more
                waiting[1].exception()
            item = self.threads.submit(self._load, index).result()
        if index + 1 < len(self.data):
            self._ahead = (index + 1, self.threads.submit(self._load, index + 1))
        return item

    def _load(self, index: int) -> dict[str, Any]:
        begun = time.perf_counter()
        item = dict(self.data[index])
        volume = self._open(item)
        weights = np.asarray(item["slice_average"])
        reach, last = len(weights) // 2, volume.shape[0] - 1
        image: torch.Tensor | None = None
        for z in range(item["start"], item["stop"]):
            near = [self._slice(volume, min(max(z + shift, 0), last), item) for shift in range(-reach, reach + 1)]
            for old in [key for key in self._slices if key < z - reach]:
                del self._slices[old]
            own = weights.astype(near[0].values.dtype)  # float32 in nearly all scans
            mean = near[0].values * own[0] if reach else near[0].values.copy()
            for neighbour, weight in zip(near[1:], own[1:], strict=True):
                mean += neighbour.values * weight
            one = {**item, Keys.IMAGE: mean[None]}
            transformed = np.asarray((one if self.transform is None else self.transform(one))[Keys.IMAGE])
            if image is None:
                image = empty_slab((item["stop"] - item["start"], *transformed.shape), torch.float32)
                item["digests"] = {}
                item["replaced"] = 0
            # numpy, not torch: OpenMP would keep a second team of threads for this one, and from then on the team that
            # computes the network would sleep, not spin, wherever its threads wait for each other
            image.numpy()[z - item["start"]] = transformed
            item["replaced"] += near[reach].replaced
            first = z - reach if z == item["start"] else z + reach
            for place in range(first, z + reach + 1):
                item["digests"][place] = self._slice(volume, min(max(place, 0), last), item).digest
        item[Keys.IMAGE] = image
        digests = b"".join(digest for _, digest in sorted(item["digests"].items()))
        item["digests"] = np.frombuffer(bytearray(digests), np.uint8).reshape(-1, 32)
        item["seconds_reading"] = time.perf_counter() - begun
        return item

    def _open(self, item: dict[str, Any]) -> Volume:
        key = (item["volume"], item["axis"])
        if self._volume is None or self._volume[0] != key:
            self._slices.clear()
            if self._volume is not None:
                self._volume[1].close()
            self._volume = (key, open_sliced(item))
        return self._volume[1]

    def _slice(self, volume: Volume, z: int, item: dict[str, Any]) -> _Slice:
        if z not in self._slices:
            padding, window = item.get("padding", NO_PADDING), item.get("ct_window")
            self._slices[z] = read_slice(volume, z, item["nan_value"], padding, window)
        return self._slices[z]


def open_sliced(slab: dict[str, Any]) -> Volume:
    """Open the volume of a slab so that its slices are those along the slab's axis; an open one is taken as it is."""
    if isinstance(slab["volume"], Volume):
        return slab["volume"]
    if slab["axis"] == "z":
        return open_volume(slab["volume"])
    return SidewaysVolume(Path(slab["copy"]), slab["shape"], np.dtype(slab["dtype"]), slab["axis"], slab["volume"])


def read_slice(
    volume: Volume,
    z: int,
    nan_value: float,
    padding: Padding = NO_PADDING,
    window: Sequence[float] | None = None,
) -> _Slice:
    """Read a slice as finite floating-point numbers, with the digest of what is stored.

    Args:
        volume: the volume.
        z: index of the slice.
        nan_value: grey value that NaN, infinity and padding become.
        padding: grey values that are no tissue.
        window: (lo, hi), within which grey values keep their differences.
    """
    stored = volume.read(z, z + 1)[0]
    digest = hashlib.sha256(stored.data).digest()
    values = stored.astype(np.float32) if window is None else as_float(stored, window[0], window[1])
    padded = padding.where(stored)
    if padded is not None:
        values[padded] = nan_value
    bad = ~np.isfinite(values) if stored.dtype.kind == "f" else None
    replaced = 0 if bad is None else int(np.count_nonzero(bad))
    if replaced:
        values[bad] = nan_value
    return _Slice(values, digest, replaced)
