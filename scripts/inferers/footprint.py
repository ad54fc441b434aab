"""What a `TileInferer` takes of memory, and the tiles that fit."""

from __future__ import annotations

import torch

from scripts.memory import free_memory
from scripts.networks import ResNetGenerator

FLOAT = 4  # bytes
TILE_SIZES = {"cuda": (1024, 512, 256, 128, 64), "cpu": (256, 128, 64)}  # on a CPU larger ones outgrow its caches
SHARE = 4  # tiles may take this part of the free memory


def slice_bytes(network: ResNetGenerator) -> int:
    """Bytes for each pixel of a slice: its features below full resolution, and the few copies that the trunk makes."""
    resolutions = list(enumerate(network.channels))
    features = sum(channels / 4**level for level, channels in resolutions[1:])
    level, lowest = resolutions[-1]
    return round(FLOAT * (features + 3 * lowest / 4**level))


def tile_bytes(network: ResNetGenerator) -> int:
    """Bytes for each pixel of a tile: three copies of the features at full resolution, two at half."""
    return round(FLOAT * (3 * network.channels[0] + 2 * network.channels[1] / 4))


def default_tile_size(network: ResNetGenerator, device: torch.device | str) -> int:
    """The largest sensible side of a tile in pixels, its halo included in a quarter of the memory that is free."""
    device = torch.device(device)
    sizes = TILE_SIZES["cuda" if device.type == "cuda" else "cpu"]
    free = free_memory(device) // SHARE
    halo = max(network.encoder_halo, network.decoder_halo)
    return next((size for size in sizes if tile_bytes(network) * (size + 2 * halo) ** 2 <= free), sizes[-1])
