"""A network at work on shrunken images."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class LowerResolution(nn.Module):
    """Shrink an image by area averages, apply a network to it, and enlarge the result bilinearly.

    For the way back from stain to CT, which serves the training only and then takes a quarter of the time. What the
    stain lost by it when it was measured is in docs/speed.md.

    Input (N, C, H, W) and output (N, C', H, W), any H and W. The buffer ``factor`` keeps `factor` with the weights.

    Args:
        network: keeps height and width.
        factor: pixels along a side that become one; 1 leaves the images alone.

    Raises:
        ValueError: factor is not a positive whole number.
    """

    def __init__(self, network: nn.Module, factor: int = 2) -> None:
        super().__init__()
        if not isinstance(factor, int) or factor < 1:
            raise ValueError(f"factor must be a positive whole number, got {factor!r}.")
        self.network = network
        self.shrinks_by = factor  # apart from the buffer, which may lie on a GPU
        self.register_buffer("factor", torch.tensor(factor))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.shrinks_by == 1:
            whole: torch.Tensor = self.network(x)
            return whole
        # the last pixels of a side that is no multiple of the factor are averaged among themselves
        small = self.network(F.avg_pool2d(x, self.shrinks_by, ceil_mode=True))
        height, width = x.shape[-2:]
        return F.interpolate(small, scale_factor=self.shrinks_by, mode="bilinear")[..., :height, :width]
