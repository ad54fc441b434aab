"""Patch-contrastive supervision: each place of the stain is most like the same place of the section."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F


class PatchContrastLoss(nn.Module):
    """Contrast features of the stain with those of the section, place by place (InfoNCE).

    Some places of each layer's feature maps are drawn. A place of the stain has to be more like the same place of the
    section than like the other places drawn (Park et al., Contrastive Learning for Unpaired Image-to-Image Translation,
    ECCV 2020, equation 3, with registered pairs as in Li et al., MICCAI 2023; here without their projection heads). The
    loss forgives colours that differ from slide to slide, and displacements smaller than what a feature sees.

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
        self, stain: Sequence[torch.Tensor], section: Sequence[torch.Tensor], mask: torch.Tensor
    ) -> torch.Tensor:
        """Return a scalar, the mean over the layers.

        Args:
            stain: features of the stain, (N, C, h, w) for each layer.
            section: features of the section, of the same shapes.
            mask: (N, 1, H, W), 1 where the pair is valid; other places need not resemble each other.
        """
        with torch.autocast(mask.device.type, enabled=False):  # autocast would round similarities to bfloat16
            terms = [self._layer(a.float(), b.float(), mask.float()) for a, b in zip(stain, section, strict=True)]
            return torch.stack(terms).mean()

    def _layer(self, stain: torch.Tensor, section: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        height, width = stain.shape[2:]
        drawn = torch.randperm(height * width, device=stain.device)[: self.places]
        queries, keys = (F.normalize(x.flatten(2)[:, :, drawn], dim=1) for x in (stain, section))
        weights = F.interpolate(mask, size=(height, width), mode="area").flatten(1)[:, drawn]
        similarity = torch.einsum("ncp,ncq->npq", queries, keys) / self.temperature
        same = torch.arange(len(drawn), device=stain.device).expand(len(stain), -1)
        # cross_entropy takes dimension 1 for the classes, here the section's places
        loss = F.cross_entropy(similarity.transpose(1, 2), same, reduction="none")
        return (loss * weights).sum() / weights.sum().clamp(min=1.0)
