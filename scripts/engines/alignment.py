"""Pairs that are not quite registered: move the stain onto the section before they are compared."""

from __future__ import annotations

import torch
from monai.networks.blocks import Warp
from torch import nn
from torch.nn import functional as F

STRIDE = 16  # what the network halves four times has sides that are multiples of


class Alignment(nn.Module):
    """Let a network find how the section is displaced, and displace by it what the CT gave.

    After RegGAN (Kong et al., NeurIPS 2021, arXiv 2110.06465): the generator need not learn where residual
    misregistration put things, for which it could only hedge by blurring.

    Args:
        network: takes stain and section, (N, 6, H, W), returns (N, 2, H, W): where in the stain each pixel of the
            section lies, minus its own place, rows and columns, pixels.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.warp = Warp(mode="bilinear", padding_mode="zeros")

    def forward(
        self, stain: torch.Tensor, ct: torch.Tensor, section: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return what lies where the section has it.

        Args:
            stain: (N, 3, H, W).
            ct: what it was made from (N, 1, H, W).
            section: (N, 3, H, W).
            mask: (N, 1, H, W), 1 where the pair is valid.

        Returns:
            The stain, the CT and the mask, displaced, and the displacement (N, 2, H, W) in pixels. The mask
            is 0 where there is nothing to displace. No gradient reaches the displacement through the CT.
        """
        height, width = mask.shape[2:]
        both = F.pad(
            torch.cat([stain, section * mask], dim=1), (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate"
        )
        displacement = self.network(both)[..., :height, :width].float()
        moved = self.warp(torch.cat([stain.float(), torch.ones_like(mask, dtype=torch.float32)], dim=1), displacement)
        with torch.no_grad():
            moved_ct = self.warp(ct.float(), displacement)
        return moved[:, :3], moved_ct, mask * (moved[:, 3:] > 0.999), displacement
