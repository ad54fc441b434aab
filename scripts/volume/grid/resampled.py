"""A volume on the network's grid, resampled while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from numpy.typing import NDArray

from scripts.data.padding import Padding
from scripts.data.resample import resize_ct
from scripts.volume.grid.between import Between
from scripts.volume.read.finite import finite
from scripts.volume.read.volume import Volume
from scripts.volume.read.window import VolumeWindow

Shape = tuple[int, int, int]

RESAMPLED = np.dtype(np.float32)  # grey values on another grid
LARGEST = 1e30  # grey values beyond it are cut, so that no sum of several leaves float32
KERNEL = 4  # slices that a cubic kernel reaches over, more by the factor by which slices become fewer


@dataclass(frozen=True)
class Resampling:
    """How the grey values of a volume are brought to another grid.

    Attributes:
        shape: (Z, Y, X) of that grid, whose extent is the volume's.
        window: (lo, hi) grey values that become black and white.
        nan_value: grey value that NaN, infinity and padding become, before anything is computed from them.
        padding: grey values that are no tissue.
    """

    shape: Shape
    window: tuple[float, float]
    nan_value: float
    padding: Padding

    @property
    def window_above(self) -> tuple[float, float]:
        """The window of what a `ResampledVolume` returns."""
        return 0.0, self.window[1] - self.window[0]

    def windowed_above(self, source: str) -> VolumeWindow:
        """The same with padding, which became black: what is as dark counts as padding where there is some."""
        low = None if self.padding.low is None else self.nan_value - self.window[0]
        return VolumeWindow(*self.window_above, source, Padding(low=low, shares=self.padding.shares))


class ResampledVolume(Volume):
    """A volume on another grid: each slice by `resize_ct` in the plane, and across slices by the same cubic kernel.

    Grey values are float32, finite, and counted from the window's low end: so no digit of them is lost to a large
    offset, and what is black or constant is so exactly. A slice depends on its index and the volume alone, however it
    is come to. Only the slices that the kernel reaches over are held. No torch, see `SlabDataset`.

    Args:
        volume: the original, which is closed with this one.
        resampling: how.

    Attributes:
        replaced_so_far: voxels that were NaN or infinite in the original slices that were read.
    """

    def __init__(self, volume: Volume, resampling: Resampling) -> None:
        self.original, self.resampling = volume, resampling
        self.path, self.source, self.files, self.remarks = volume.path, volume.source, volume.files, volume.remarks
        self.shape, self.dtype = resampling.shape, RESAMPLED
        self.spacing = spacing_on(volume, self.shape)
        to_original = _index_matrix(volume.shape, self.shape)
        placed = (
            volume.affine
        )  # without one, the first voxel of the original is at 0: the grids share their outer faces
        if placed is None and volume.spacing is not None:
            placed = np.diag([*volume.spacing[::-1], 1.0])
        self.affine = None if placed is None else placed @ to_original
        self.nifti_header = None if volume.nifti_header is None else _header_on(volume.nifti_header, to_original)
        self._slices = Between(volume.shape[0], self.shape[0], self._plane)
        self._replaced: dict[int, int] = {}
        self.replaced_so_far = 0

    @property
    def name(self) -> str:
        """The original's."""
        return self.original.name

    @property
    def own_spacing(self) -> tuple[float, float, float] | None:
        """The original's voxel size (z, y, x), mm."""
        return self.original.spacing

    def replaced(self, z: int) -> int:
        """Voxels that were NaN or infinite, of those original slices whose middles lie in this slice.

        Those of slices that have just been read are known, others count as none.
        """
        before, after = self.original.shape[0], self.shape[0]
        first, stop = (-(-(2 * place * before - after) // (2 * after)) for place in (z, z + 1))
        return sum(self._replaced.get(index, 0) for index in range(first, stop))

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        slices = np.empty((stop - start, *self.shape[1:]), np.float32)
        for z in range(start, stop):
            slices[z - start] = self._slices.at(z)
        return slices

    def _plane(self, index: int) -> NDArray[np.float32]:
        """An original slice, resampled in the plane."""
        how, stored = self.resampling, self.original.read(index, index + 1)[0]
        values, replaced = finite(stored, how.nan_value, how.padding, how.window)
        values -= values.dtype.type(how.window[0])
        if stored.dtype.kind == "f":
            np.clip(values, -LARGEST, LARGEST, out=values)
        self._replaced = {kept: count for kept, count in self._replaced.items() if self._slices.holds(kept)}
        if replaced:
            self._replaced[index] = replaced
            self.replaced_so_far += replaced
        return resize_ct(values.astype(np.float32, copy=False), self.shape[1:])

    def close(self) -> None:
        """Close the original."""
        self.original.close()


def spacing_on(volume: Volume, shape: Shape) -> tuple[float, float, float] | None:
    """Voxel size (z, y, x) in mm of a grid of another shape and the volume's extent; None where its own is unknown."""
    if volume.spacing is None:
        return None
    z, y, x = (side * old / new for side, old, new in zip(volume.spacing, volume.shape, shape, strict=True))
    return z, y, x


def resampling_bytes(volume: Volume, shape: Shape) -> int:
    """Memory that a `ResampledVolume` takes besides what it returns: an original slice and the slices it holds."""
    kept = 2 + KERNEL * max(1.0, volume.shape[0] / shape[0])
    stored = (volume.dtype.itemsize + 9) * volume.shape[1] * volume.shape[2]  # as float, and a mask
    across = 4 * volume.shape[1] * shape[2]  # between the two passes of the resampling in the plane
    return int(stored + across + 4 * kept * shape[1] * shape[2])


def _index_matrix(before: Shape, after: Shape) -> NDArray[np.float64]:
    """From the indices (x, y, z) of the new voxels' middles to the old ones'; outer faces stay where they are.

    Index 0 is the middle of the first voxel, half a voxel from the face: ``old = (new + 1/2) * factor - 1/2``.
    """
    factors = np.array([old / new for old, new in zip(before, after, strict=True)])[::-1]
    matrix = np.diag([*factors, 1.0])
    matrix[:3, 3] = (factors - 1) / 2
    return matrix


def _header_on(header: Nifti1Header, to_original: NDArray[np.float64]) -> Nifti1Header:
    """A NIfTI header with the same units and codes on the new grid; writers put in the shape."""
    moved: Nifti1Header = header.copy()
    zooms = list(header.get_zooms())
    factors = np.diag(to_original)[:3]
    moved.set_zooms([float(zoom * factor) for zoom, factor in zip(zooms, factors, strict=False)] + zooms[3:])
    qform, code = header.get_qform(coded=True)
    if code:
        moved.set_qform(qform @ to_original, code)
    sform, code = header.get_sform(coded=True)
    if code:
        moved.set_sform(sform @ to_original, code)
    return moved
