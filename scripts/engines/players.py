"""The four networks of a step, and the pair that they work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn


class Pair(NamedTuple):
    """A batch of registered pairs.

    Attributes:
        ct: (N, 1, H, W) in [0, 1].
        section: (N, 3, H, W) in [0, 1].
        mask: (N, 1, H, W), 1 where a pair is valid.
    """

    ct: torch.Tensor
    section: torch.Tensor
    mask: torch.Tensor


class Players(NamedTuple):
    """The networks of a step.

    Attributes:
        ct_to_stain: generator that is the product.
        stain_to_ct: generator of the way back.
        stain_discriminator: tells section from stain.
        ct_discriminator: tells real from generated CT.
        inferer: how `ct_to_stain` is applied.
        conditional: whether `stain_discriminator` sees the CT besides.
    """

    ct_to_stain: nn.Module
    stain_to_ct: nn.Module
    stain_discriminator: nn.Module
    ct_discriminator: nn.Module
    inferer: Callable[..., Any]
    conditional: bool

    @property
    def generators(self) -> tuple[nn.Module, nn.Module]:
        """Both generators."""
        return self.ct_to_stain, self.stain_to_ct

    @property
    def discriminators(self) -> tuple[nn.Module, nn.Module]:
        """Both discriminators."""
        return self.stain_discriminator, self.ct_discriminator

    def stained(self, ct: torch.Tensor) -> Any:
        """The stain of a CT."""
        return self.inferer(ct, self.ct_to_stain)

    def judged(self, pair: Pair, image: torch.Tensor) -> torch.Tensor:
        """What the stain discriminator sees of a stain or section (N, 3, H, W)."""
        return (torch.cat([pair.ct, image], dim=1) if self.conditional else image) * pair.mask


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Spare the gradients of networks that only judge."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)
