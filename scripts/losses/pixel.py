"""Pixelwise supervision by the registered section."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class PyramidL1Loss(nn.Module):
    """Mean absolute difference of two images, on one or several levels of a Gaussian pyramid.

    Level k is the image blurred and halved k times. The coarse levels forgive a misregistration of a few pixels, the
    fine one keeps detail (pyramid pix2pix: Liu et al., BCI, 2022). ``PyramidL1Loss([1.0])`` is plain L1.

    Args:
        weights: one weight per level, finest first; levels of weight 0 cost nothing but the halving. The loss is the
            weighted mean over the levels.

    Raises:
        ValueError: no weights, a negative one, or all zero.
    """

    def __init__(self, weights: list[float]) -> None:
        super().__init__()
        if not weights or min(weights) < 0 or sum(weights) == 0:
            raise ValueError(f"weights must be non-negative with a positive sum, got {weights}.")
        self.weights = list(weights)

    def forward(self, pred: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Compare (N, C, H, W) with (N, C, H, W), both in [0, 1], where `mask` (N, 1, H, W) is 1; returns a scalar."""
        pred, target, mask = pred.float(), target.float(), mask.float()
        total = pred.new_zeros(())
        for level, weight in enumerate(self.weights):
            if level > 0:
                if min(pred.shape[-2:]) < 4:
                    raise ValueError(f"{len(self.weights)} pyramid levels are too many for patches this small.")
                pred, target, mask = halve(pred * mask), halve(target * mask), halve(mask)
                pred, target = pred / mask.clamp(min=1e-6), target / mask.clamp(min=1e-6)
            if weight > 0:
                difference = (pred - target).abs().mean(dim=1, keepdim=True) * mask
                total = total + weight * difference.sum() / mask.sum().clamp(min=1.0)
        return total / sum(self.weights)


def halve(images: torch.Tensor) -> torch.Tensor:
    """Blur (N, C, H, W) with the binomial 1-4-6-4-1 (Burt and Adelson 1983) and keep every second pixel."""
    channels = images.shape[1]
    line = images.new_tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    kernel = torch.outer(line, line).expand(channels, 1, 5, 5)
    return F.conv2d(F.pad(images, (2, 2, 2, 2), mode="replicate"), kernel, stride=2, groups=channels)
