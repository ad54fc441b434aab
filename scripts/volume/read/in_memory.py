"""A volume that is in memory already."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from scripts.errors import InputError
from scripts.files.opening import require_grey_type
from scripts.memory import free_memory
from scripts.volume.read.volume import Volume

#: Types that arrays have and files of volumes have not, and what holds their values.
WIDENED = {"int64": np.float64, "uint64": np.float64, "float16": np.float32}


class InMemoryVolume(Volume):
    """An array (Z, Y, X) as a volume; what is read is cut out of it.

    Args:
        voxels: grey values (Z, Y, X), of one of `scripts.files.opening.GREY_TYPES`, 64-bit integers or float16.
        name: what errors call it.

    Raises:
        InputError: another type, other dimensions, or none of some dimension.
    """

    def __init__(self, voxels: NDArray[Any], name: str = "the array") -> None:
        if voxels.dtype.name in WIDENED:
            voxels = voxels.astype(WIDENED[voxels.dtype.name])
        require_grey_type(voxels.dtype, Path(name))
        if voxels.ndim != 3 or not voxels.size:
            raise InputError(f"{name} has the shape {voxels.shape}, expected grey values (rows, columns) or (Z, Y, X).")
        self.path, self.source, self.files = Path(name), name, []
        self.shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
        self.dtype = voxels.dtype.newbyteorder("=")
        self._voxels = voxels

    def _read(self, start: int, stop: int) -> NDArray[Any]:
        return self._voxels[start:stop]

    def close(self) -> None:
        """Nothing to close: the array is its owner's."""


def array_of(ct: ArrayLike) -> NDArray[Any]:
    """Grey values as NumPy has them, NaN where they are masked."""
    if isinstance(ct, torch.Tensor):
        ct = ct.detach().cpu()
        ct = (ct.float() if ct.dtype == torch.bfloat16 else ct).numpy()
    if isinstance(ct, np.ma.MaskedArray) and ct.mask.any():
        masked = ct.astype(np.float64)
        return np.where(np.ma.getmaskarray(masked), np.nan, masked.data)
    return np.asarray(ct)


def require_room(volume: Volume, voxel_bytes: int) -> None:
    """Refuse a stain in memory that would drive the machine into swapping.

    Args:
        volume: on whose grid it is.
        voxel_bytes: that it takes for each voxel.

    Raises:
        InputError: less is free.
    """
    needed, free = math.prod(volume.shape) * voxel_bytes, free_memory()
    if needed > free:
        raise InputError(
            f"The stain of {volume.source} takes {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: stain "
            "it to files, with python -m monai.bundle run inference."
        )
