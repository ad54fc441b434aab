"""Patch-contrastive supervision: each place of the virtual section resembles the same place of the true one most."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F


class PatchContrastLoss(nn.Module):
    """Contrast features of the virtual section with those of the true one, place by place (InfoNCE).

    Of each layer's feature maps some places are drawn. A place of the virtual section has to be more like the same
    place of the true section than like the other places drawn (Park et al., Contrastive Learning for Unpaired
    Image-to-Image Translation, ECCV 2020, equation 3, with registered pairs as in Li et al., MICCAI 2023; here
    without their projection heads). It forgives colours that differ from slide to slide, and displacements smaller than
    what a feature sees.

    Args:
        places: how many are drawn from each image and layer.
        temperature: by which similarities are divided; smaller asks for sharper distinctions.

    Raises:
        ValueError: fewer than two places, or no positive temperature.
    """

    def __init__(self, places: int = 64, temperature: float = 0.07) -> None:
        super().__init__()
        if places < 2 or temperature <= 0:
            raise ValueError(f"Two places and a positive temperature are needed, got {places} and {temperature}.")
        self.places, self.temperature = places, temperature

    def forward(
        self, virtual: Sequence[torch.Tensor], true: Sequence[torch.Tensor], mask: torch.Tensor
    ) -> torch.Tensor:
        """Return a scalar, the mean over the layers.

        Args:
            virtual: features of the virtual section, (N, C, h, w) for each layer.
            true: of the true section, of the same shapes.
            mask: (N, 1, H, W), 1 where the pair is valid; other places need not resemble each other.
        """
        with torch.autocast(mask.device.type, enabled=False):  # else similarities would be rounded to bfloat16
            terms = [self._layer(a.float(), b.float(), mask.float()) for a, b in zip(virtual, true, strict=True)]
            return torch.stack(terms).mean()

    def _layer(self, virtual: torch.Tensor, true: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        height, width = virtual.shape[2:]
        drawn = torch.randperm(height * width, device=virtual.device)[: self.places]
        queries, keys = (F.normalize(x.flatten(2)[:, :, drawn], dim=1) for x in (virtual, true))
        weights = F.interpolate(mask, size=(height, width), mode="area").flatten(1)[:, drawn]
        similarity = torch.einsum("ncp,ncq->npq", queries, keys) / self.temperature
        same = torch.arange(len(drawn), device=virtual.device).expand(len(virtual), -1)
        # dimension 1 of the transposed holds the classes: the true section's places
        loss = F.cross_entropy(similarity.transpose(1, 2), same, reduction="none")
        return (loss * weights).sum() / weights.sum().clamp(min=1.0)
