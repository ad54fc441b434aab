"""What is read, stained and stored at once: some slices of a volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ignite.distributed as idist
import numpy as np

from scripts.data.padding import NO_PADDING, Padding
from scripts.engines.distributed import decided_by_first
from scripts.volume.grid.resampled import ResampledVolume, Resampling
from scripts.volume.read.reader import open_volume
from scripts.volume.read.rechunk import SidewaysVolume
from scripts.volume.read.volume import Volume
from scripts.volume.stain.begun import Begun


@dataclass(frozen=True)
class Cubes:
    """A volume's copy that `copy_in_cubes` wrote.

    Attributes:
        path: the file.
        shape: (Z, Y, X) of the volume.
        dtype: of its grey values.
    """

    path: Path
    shape: tuple[int, int, int]
    dtype: str


@dataclass(frozen=True)
class Slab:
    """Slices of a volume that follow each other along an axis, and how their grey values are read.

    Attributes:
        volume: an open one, or what `open_volume` opens it by.
        start: first slice.
        stop: slice after the last.
        ct_window: (lo, hi) grey values that become black and white; None for the percentiles of each slice.
        slice_average: weights of a slice and its neighbours.
        nan_value: grey value that NaN, infinity and padding become.
        padding: grey values that are no tissue.
        axis: along which the volume is sliced, ``z``, ``y`` or ``x``.
        copy: from which slices along y and x are read.
        name: of the staining, unique among those of a run.
        resampling: how a volume that is opened by its path is brought to the network's grid; window and values above
            are those of the resampled one.
    """

    volume: Volume | str
    start: int
    stop: int
    ct_window: tuple[float, float] | None = None
    slice_average: tuple[float, ...] = (1.0,)
    nan_value: float = 0.0
    padding: Padding = NO_PADDING
    axis: str = "z"
    copy: Cubes | None = None
    name: str = ""
    resampling: Resampling | None = None

    def open(self) -> Volume:
        """Open the volume so that its slices are those along the axis; an open one is taken as it is.

        Raises:
            InputError: the volume cannot be read.
        """
        if isinstance(self.volume, Volume):
            return self.volume
        if self.copy is None:
            volume = open_volume(self.volume)
            return volume if self.resampling is None else ResampledVolume(volume, self.resampling)
        return SidewaysVolume(self.copy.path, self.copy.shape, np.dtype(self.copy.dtype), self.axis, self.volume)


def slabs_to_stain(stainings: Sequence[Begun]) -> list[Slab]:
    """The slabs that are not done yet, of several processes the share of this one."""

    def remaining() -> list[Slab]:
        return [slab for begun in stainings for slab in _remaining(begun)]

    return decided_by_first(remaining)[idist.get_rank() :: idist.get_world_size()]


def _remaining(begun: Begun) -> list[Slab]:
    request, found, resampling = begun.staining.request, begun.findings, begun.resampling
    lo, hi = found.window
    nan_value, padding = begun.nan_value, Padding.from_json(found.padding)
    if resampling is not None:
        (lo, hi), nan_value, padding = resampling.window_above, 0.0, NO_PADDING
    copy = Cubes(begun.staining.copy, request.stained_shape, request.stained_dtype)
    return [
        Slab(
            volume=request.source,
            start=start,
            stop=stop,
            ct_window=(lo, hi),
            slice_average=tuple(found.slice_average),
            nan_value=nan_value,
            padding=padding,
            axis=axis,
            copy=None if axis == "z" else copy,
            name=begun.staining.name,
            resampling=resampling,
        )
        for axis, start, stop in begun.slabs()
        if not begun.is_done(axis, start)
    ]
