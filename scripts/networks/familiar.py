"""What features a generator knows from its training, kept with its weights: by it inference finds what is new to it.

The features are those of the trunk's end. They are centred and whitened, and only their direction counts; how far a
place is from the nearest of a few hundred prototypes is how unlike the training it is (nearest neighbours among
features of what is normal: PatchCore, Roth et al., CVPR 2022; a bank beside a virtual stainer: arXiv 2411.15060).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

ENTRY = "familiar"  # buffer of a network, and entry of a state dict
PROTOTYPES = 512
NEIGHBOURS = 5  # places, side of the square over which distances are averaged: 40 pixels of an image
NOT_KNOWN = "novelty is not known"


@dataclass(frozen=True)
class Familiar:
    """The features of a training, C of them at each place.

    Attributes:
        mean: (C,).
        axes: (C, C), float32: features less the mean, times it, have a variance of about one along each axis.
        prototypes: (512, C), means of clusters of unit vectors.
        scale: (1,), distance that 1 % of the places in held-out slices exceed.
    """

    mean: torch.Tensor
    axes: torch.Tensor
    prototypes: torch.Tensor
    scale: torch.Tensor

    def novelty(self, features: torch.Tensor) -> torch.Tensor:
        """How unlike the training each place is.

        Args:
            features: (N, C, h, w) of the trunk's end, float32 or bfloat16.

        Returns:
            (N, 1, h, w) float32, 0 or more: 1 where as far as the farthest 1 % of held-out places.
        """
        return self.distance(features) / self.scale

    def distance(self, features: torch.Tensor) -> torch.Tensor:
        """As `novelty`, in units of its own: Euclidean, from a unit vector to the nearest prototype."""
        with torch.autocast(features.device.type, enabled=False):
            n, channels, height, width = features.shape
            places = features.float().permute(0, 2, 3, 1).reshape(-1, channels)
            pointing = directions(places, self.mean, self.axes)
            squares = self.prototypes.square().sum(dim=1) - 2 * pointing @ self.prototypes.T
            nearest = (1 + squares.amin(dim=1)).clamp_(min=0).sqrt_()
            pooled: torch.Tensor = F.avg_pool2d(
                nearest.view(n, 1, height, width), NEIGHBOURS, 1, NEIGHBOURS // 2, count_include_pad=False
            )
        return pooled


def directions(places: torch.Tensor, mean: torch.Tensor, axes: torch.Tensor) -> torch.Tensor:
    """Whitened features (n, C) of places (n, C), at unit length."""
    return F.normalize((places - mean) @ axes, dim=1)


def sizes(channels: int) -> tuple[int, int, int, int]:
    """Numbers of mean, axes, prototypes and scale."""
    return channels, channels**2, PROTOTYPES * channels, 1


def packed(familiar: Familiar) -> torch.Tensor:
    """All numbers one after the other, float32."""
    parts = (familiar.mean, familiar.axes, familiar.prototypes, familiar.scale)
    return torch.cat([part.detach().flatten().float() for part in parts])


def unpacked(tensor: torch.Tensor, channels: int) -> Familiar | None:
    """What `packed` made a tensor of, None for zeros."""
    mean, axes, prototypes, scale = tensor.split(sizes(channels))
    if not scale.item() > 0:
        return None
    return Familiar(mean, axes.view(channels, channels), prototypes.view(PROTOTYPES, channels), scale)


class KeepsFamiliar(nn.Module):
    """A generator (a base class) with a buffer ``familiar`` that travels with its weights; zeros: nothing is known.

    Weights of version 0.9 and before lack it.
    """

    def register_familiar(self, channels: int) -> None:
        """Make the buffer, for a trunk of so many channels."""
        self._familiar_channels = channels
        self.register_buffer(ENTRY, torch.zeros(sum(sizes(channels))))

    @property
    def known_features(self) -> Familiar | None:
        """The features of the training; None where they are not known."""
        return unpacked(self.get_buffer(ENTRY), self._familiar_channels)

    @known_features.setter
    def known_features(self, familiar: Familiar | None) -> None:
        buffer = self.get_buffer(ENTRY)
        if familiar is None:
            buffer.zero_()
        else:
            buffer.copy_(packed(familiar))

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any) -> None:
        of_now = {prefix + ENTRY: torch.zeros_like(self.get_buffer(ENTRY), device="cpu"), **state_dict}
        super()._load_from_state_dict(of_now, prefix, *args)
