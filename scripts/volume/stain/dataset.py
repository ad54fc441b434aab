"""A volume as a data set of slabs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from monai.utils.enums import CommonKeys as Keys
from numpy.typing import NDArray
from torch.utils.data import Dataset

from scripts.data.padding import NO_PADDING, Padding
from scripts.memory import empty_slab
from scripts.volume.read.finite import finite
from scripts.volume.read.volume import Volume
from scripts.volume.stain.slab import Slab

READ = "read"  # key of an item's `ReadSlab`


class _Slice(NamedTuple):
    values: NDArray[Any]  # float32, or float64 where only that tells them apart; finite
    digest: bytes  # SHA-256 of the grey values as the volume gives them
    replaced: int  # voxels that were NaN or infinite


@dataclass(frozen=True)
class ReadSlab:
    """A slab that was read, and what was noticed on the way.

    Attributes:
        slab: where it lies.
        digests: (n + neighbours, 32) uint8, SHA-256 of each slice that was read.
        replaced: voxels that were NaN or infinite.
        seconds: that it took.
    """

    slab: Slab
    digests: NDArray[np.uint8]
    replaced: int
    seconds: float


class SlabDataset(Dataset[dict[str, Any]]):
    """Read slabs, each as a batch of slices, one ahead of the one in use.

    An item has ``image`` (n, 1, rows, columns), float32, what `transform` makes of the slices, and ``read``, a
    `ReadSlab`. Not for use from several threads or worker processes.

    Args:
        data: what to read.
        transform: dictionary transform of one slice, (1, rows, columns) grey values under ``image`` and the slab's
            window under ``ct_window``, for example ``WindowCTd``. It is called slice by slice, so that a slab is in
            memory once and not in every stage.
        threads: in which slabs are read; None takes a thread of its own.
    """

    def __init__(
        self,
        data: Sequence[Slab],
        transform: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> None:
        self.data, self.transform, self.threads = list(data), transform, threads
        self._volume: tuple[tuple[Volume | str, str], Volume] | None = None
        self._slices: dict[int, _Slice] = {}  # those that the next slab needs too
        self._ahead: tuple[int, Future[dict[str, Any]]] | None = None

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
        began = time.perf_counter()
        slab = self.data[index]
        volume = self._open(slab)
        reach = len(slab.slice_average) // 2
        image: torch.Tensor | None = None
        digests, replaced = [], 0
        for z in range(slab.start, slab.stop):
            near = [self._slice(volume, z + shift, slab) for shift in range(-reach, reach + 1)]
            for old in [key for key in self._slices if key < z - reach]:
                del self._slices[old]
            transformed = self._transformed(slab, near)
            if image is None:
                image = empty_slab((slab.stop - slab.start, *transformed.shape), torch.float32)
            # numpy, not torch: OpenMP would keep a second team of threads for this one, and from then on the team that
            # computes the network would sleep, not spin, wherever its threads wait for each other
            image.numpy()[z - slab.start] = transformed
            replaced += near[reach].replaced
            digests += [one.digest for one in (near if z == slab.start else near[-1:])]
        table = np.frombuffer(bytearray(b"".join(digests)), np.uint8).reshape(-1, 32)
        return {Keys.IMAGE: image, READ: ReadSlab(slab, table, replaced, time.perf_counter() - began)}

    def _open(self, slab: Slab) -> Volume:
        key = (slab.volume, slab.axis)
        if self._volume is None or self._volume[0] != key:
            self._slices.clear()
            if self._volume is not None:
                self._volume[1].close()
            self._volume = (key, slab.open())
        return self._volume[1]

    def _slice(self, volume: Volume, z: int, slab: Slab) -> _Slice:
        """A slice; the first and the last one stand for those beyond the ends."""
        z = min(max(z, 0), volume.shape[0] - 1)
        if z not in self._slices:
            self._slices[z] = read_slice(volume, z, slab.nan_value, slab.padding, slab.ct_window)
        return self._slices[z]

    def _transformed(self, slab: Slab, near: Sequence[_Slice]) -> NDArray[Any]:
        """The mean of neighbouring slices, transformed: (1, rows, columns)."""
        item = {Keys.IMAGE: _mean(near, slab.slice_average)[None], "ct_window": slab.ct_window}
        return np.asarray((item if self.transform is None else self.transform(item))[Keys.IMAGE])


def _mean(slices: Sequence[_Slice], weights: Sequence[float]) -> NDArray[Any]:
    """The weighted mean, (rows, columns); a single slice is copied."""
    first, *others = (one.values for one in slices)
    if not others:
        return first.copy()
    own = np.asarray(weights).astype(first.dtype)  # float32 in nearly all scans
    mean: NDArray[Any] = first * own[0]
    for values, weight in zip(others, own[1:], strict=True):
        mean += values * weight
    return mean


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
    values, replaced = finite(stored, nan_value, padding, window)
    return _Slice(values, digest, replaced + volume.replaced(z))
