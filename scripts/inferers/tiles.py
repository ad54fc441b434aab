"""Staining in tiles that give the same pixels as the whole slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from monai.inferers import Inferer

from scripts.errors import InputError
from scripts.options import truth
from scripts.precision import autocast


class TileInferer(Inferer):
    """Apply a fully convolutional generator tile by tile, exactly.

    MONAI's sliding window blends overlapping windows whose borders were padded, which changes pixels. Here each tile
    is read with a halo as wide as the network's receptive field, and only its core is kept: where the generator
    normalises by fixed statistics, no pixel depends on the tiling. Tiles start at multiples of the network's stride.

    Args:
        tile_size: side of a tile's core in pixels, a multiple of ``network.stride``; the halo (``network.halo``) comes
            on top.
        amp: compute in bfloat16 where autocast allows.

    Raises:
        InputError: tile_size is not positive, or (when called) not a multiple of the network's stride.
    """

    def __init__(self, tile_size: int = 512, amp: bool = False) -> None:
        super().__init__()
        if not isinstance(tile_size, int) or tile_size <= 0:
            raise InputError(f"tile_size must be a positive number of pixels, got {tile_size}.")
        self.tile_size, self.amp = tile_size, truth(amp, "amp")

    def __call__(
        self, inputs: torch.Tensor, network: Callable[..., torch.Tensor], *args: Any, **kwargs: Any
    ) -> torch.Tensor:
        """Return ``network(inputs)`` in float32 for (N, C, H, W) inputs."""
        halo, stride = network.halo, network.stride  # type: ignore[attr-defined]
        if self.tile_size % stride:
            raise InputError(f"tile_size must be a multiple of the network's stride of {stride}, got {self.tile_size}.")
        outputs: torch.Tensor | None = None
        height, width = inputs.shape[-2:]
        with autocast(inputs.device, self.amp):
            for top, bottom in spans(height, self.tile_size):
                for left, right in spans(width, self.tile_size):
                    y, x = max(0, top - halo), max(0, left - halo)
                    tile = inputs[..., y : bottom + halo, x : right + halo]
                    stained = network(tile, *args, **kwargs)[..., top - y : bottom - y, left - x : right - x]
                    if outputs is None:
                        outputs = stained.new_empty((*stained.shape[:-2], height, width), dtype=torch.float32)
                    outputs[..., top:bottom, left:right] = stained
        if outputs is None:
            raise ValueError(f"nothing to stain in an input of shape {tuple(inputs.shape)}.")
        return outputs


def spans(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut ``range(length)`` into consecutive (start, stop) of at most `size`."""
    for start in range(0, length, size):
        yield start, min(start + size, length)
