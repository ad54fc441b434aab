"""What a `TileInferer` takes of memory, and the tiles that fit."""

from __future__ import annotations

import torch

from scripts.memory import total_memory
from scripts.networks import ResNetGenerator

FLOAT = 4  # bytes
TILE_SIZES = {"cuda": (1024, 512, 256, 128, 64), "cpu": (256, 128, 64)}  # on a CPU larger ones gain no time
SHARE = 32  # tiles may take this part of a device's memory


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
    """The largest sensible side of a tile in pixels, its halo included in a 32nd of the device's memory.

    Not of what is free at the moment: tiles of another size may round a pixel to the next grey level, and all
    processes of a staining, and those that continue it, are to give the same bytes.
    """
    device = torch.device(device)
    sizes = TILE_SIZES["cuda" if device.type == "cuda" else "cpu"]
    limit = total_memory(device) // SHARE
    halo = max(network.encoder_halo, network.decoder_halo)
    return next((size for size in sizes if tile_bytes(network) * (size + 2 * halo) ** 2 <= limit), sizes[-1])
