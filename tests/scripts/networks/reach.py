"""How far a generator sees, measured."""

from __future__ import annotations

import torch

from scripts.networks import StainGenerator, StainUNet


def reach(network: StainGenerator | StainUNet) -> int:
    """Pixels between an output pixel and the farthest input pixel its gradient finds, over all phases of the stride."""
    network = network.double()  # far pixels count for so little that float32 could lose them
    middle = network.halo + 3 * network.stride
    farthest = 0
    for phase in range(network.stride):
        image = torch.rand(1, 1, 2 * middle, 2 * middle, dtype=torch.float64, requires_grad=True)
        pixel = network(image)[0, :, middle + phase, middle + phase].sum()
        (gradient,) = torch.autograd.grad(pixel, image)
        touched = gradient[0, 0].nonzero()
        assert touched.min() > 0
        assert touched.max() < 2 * middle - 1
        farthest = max(farthest, int((touched - middle - phase).abs().max()))
    return farthest
