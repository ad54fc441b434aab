"""What a `TileInferer` takes of memory, and the tiles that fit."""

from __future__ import annotations

import torch

from scripts.memory import total_memory
from scripts.networks import ExportedGenerator, ResNetGenerator, StainEnsemble, Stainer, StainUNet
from scripts.networks.ensemble import members_of
from scripts.options.values import truth

FLOAT = 4  # bytes
TILE_SIZES = (1024, 512, 256, 128, 64)
LARGEST = {("cpu", False): 256, ("cpu", True): 512}  # on a CPU, in float32 and bfloat16, larger ones gain no time
MEAN = 4 * 3 * FLOAT  # bytes for each pixel of a slice: the sum so far, the next stain, their sum; 42 were measured
EXPORTED = 37  # bytes for each feature at full resolution, ONNX Runtime 1.23 with tiles of 1024
SHARE = 32  # tiles may take this part of a device's memory


def slice_bytes(network: Stainer) -> int:
    """Bytes for each pixel of a slice: its features below full resolution, and the few copies that the trunk makes.

    A network that is run on tiles as a whole keeps none. The members of an ensemble stain one after the other.
    """
    if isinstance(network, StainEnsemble):
        return MEAN + slice_bytes(members_of(network)[0])
    if not isinstance(network, ResNetGenerator):
        return 0
    resolutions = list(enumerate(network.channels))
    features = sum(channels / 4.0**level for level, channels in resolutions[1:])
    level, lowest = resolutions[-1]
    return round(FLOAT * (features + 3 * lowest / 4.0**level))


def tile_bytes(network: Stainer) -> int:
    """Bytes for each pixel of a tile: three copies of the features at full resolution, two at half.

    A U-Net holds one copy of the stain, and at half resolution the encoder's features, the decoder's, and both in one.
    An exported network takes what was measured of its engine.
    """
    network = members_of(network)[0]
    if isinstance(network, ExportedGenerator):
        return EXPORTED * network.channels[0]
    if isinstance(network, StainUNet):
        return round(FLOAT * (network.channels[0] + 4 * network.channels[1] / 4))
    return round(FLOAT * (3 * network.channels[0] + 2 * network.channels[1] / 4))


def default_tile_size(network: Stainer, device: torch.device | str, amp: bool = False) -> int:
    """The largest sensible side of a tile in pixels, its halo included in a 32nd of the device's memory.

    The device's whole memory counts, not what is free: tiles of another size may round a pixel to the next grey level,
    and every process of a staining, or one that continues it, must give the same bytes.

    Args:
        network: what stains the tiles.
        device: where it runs.
        amp: whether it runs in bfloat16, which takes half the memory.
    """
    device, amp, network = torch.device(device), truth(amp, "amp"), members_of(network)[0]
    largest = LARGEST.get((device.type, amp), TILE_SIZES[0])
    if isinstance(network, ExportedGenerator):
        largest = TILE_SIZES[0]  # it is run as a whole, and its wide halo is the larger part of a small tile
    sizes = [size for size in TILE_SIZES if size <= largest]
    per_pixel = tile_bytes(network) // (2 if amp else 1)
    limit = total_memory(device) // SHARE
    halo = max(network.encoder_halo, network.decoder_halo) if isinstance(network, ResNetGenerator) else network.halo
    return next((size for size in sizes if per_pixel * (size + 2 * halo) ** 2 <= limit), sizes[-1])
