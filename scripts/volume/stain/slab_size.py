"""How many slices a slab may have."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from scripts.inferers.footprint import slice_bytes
from scripts.memory import free_memory
from scripts.networks import Stainer
from scripts.volume.grid.back import bringing_bytes
from scripts.volume.read.rechunk import CUBE
from scripts.volume.read.volume import AXES

SLAB_SIZES = (32, 16, 8, 4, 2, 1)
BYTES_PER_VOXEL = 11  # of a slab: its grey values and the next one's as float32, its stain
BESIDE_A_GPU = 14  # as one slab is read while another is stored: the last one's stain too
GPU_BYTES_PER_VOXEL = 7  # its grey values and its stain
UNCERTAIN_SLICE = 60  # bytes for each pixel of a slice: its views and their sums, where uncertainty is asked for
NOVEL_SLICE = 40  # the same where novelty alone is asked for: its stain and novelty in float32, and copies
FIXED = 30_000_000  # bytes for tiles and for the slices that are being read


def default_slab_size(
    shape: Sequence[int],
    axes: Sequence[str],
    network: Stainer,
    device: torch.device | str = "cpu",
    views: int = 1,
    dtype: np.dtype[Any] | str = "float32",
    novelty: bool = False,
    resampling: int = 0,
    output_shape: Sequence[int] | None = None,
) -> int:
    """The most slices, 32 at most, that leave half of the free memory to others, the machine's and the GPU's.

    Processes that `torchrun` started on this machine share its memory; each has a GPU of its own.

    Args:
        shape: (Z, Y, X).
        axes: along which the volume is sliced.
        network: whose features take memory.
        device: where the network is.
        views: of each slice; of more than one the uncertainty is kept, a byte for each voxel.
        dtype: of the grey values; along y and x a layer of cubes of them is kept.
        novelty: whether it is kept, another byte for each voxel.
        resampling: bytes that are taken besides where the volume is resampled.
        output_shape: (Z, Y, X) of the grid that the stain is brought to afterwards, None for the same.
    """
    device = torch.device(device)
    area = max(int(np.prod(shape, dtype=np.int64)) // shape[AXES.index(axis)] for axis in axes)
    features, more = slice_bytes(network), int(views > 1) + int(novelty)
    features += (UNCERTAIN_SLICE if views > 1 else NOVEL_SLICE) if more else 0
    machine = free_memory() // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    layer = 0 if list(axes) == ["z"] else CUBE * np.dtype(dtype).itemsize
    after = _afterwards(shape, output_shape, 3 + more, machine)
    if device.type == "cpu":
        return min(after, _most(area, machine - 2 * resampling, BYTES_PER_VOXEL + more, features + layer))
    return min(
        after,
        _most(area, machine - 2 * resampling, BESIDE_A_GPU + 2 * more, layer),
        _most(area, free_memory(device), GPU_BYTES_PER_VOXEL + more, features),
    )


def _afterwards(shape: Sequence[int], output_shape: Sequence[int] | None, channels: int, machine: int) -> int:
    """How many slices may be brought to another grid at once, on which they may be much larger."""
    if output_shape is None or tuple(output_shape) == tuple(shape):
        return SLAB_SIZES[0]
    (before, *stained), (after, *written) = shape, output_shape
    area = math.prod(written) + 2 * math.prod(stained)  # a slab of the stain is held while another is read
    return _most(area, machine, channels, bringing_bytes(channels, before, after))


def _most(area: int, free: int, per_voxel: int, per_pixel: int) -> int:
    return next((n for n in SLAB_SIZES if FIXED + (n * per_voxel + per_pixel) * area <= free // 2), 1)
