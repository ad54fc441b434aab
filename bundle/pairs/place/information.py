"""Mutual information of CT and section, by Parzen windows as Mattes et al. 2003."""

from __future__ import annotations

import torch
from torch import Tensor

BINS = 32


def information(values: Tensor, bins: Tensor, weight: Tensor) -> Tensor:
    """Mutual information in nats (B,).

    Args:
        values: (B, N) CT in [0, 1].
        bins: (N, K) shares of the bins of the section's density, each row sums to 1.
        weight: (B, N).
    """
    position = values.clamp(0, 1) * (BINS - 1)
    shares = (1 - (position[..., None] - torch.arange(BINS)).abs()).clamp(min=0)  # (B, N, BINS)
    joint = (shares * weight[..., None]).mT @ bins  # (B, BINS, K)
    joint = joint / joint.sum((1, 2), keepdim=True).clamp(min=1e-6)
    independent = joint.sum(2, keepdim=True) * joint.sum(1, keepdim=True)
    return (joint * ((joint + 1e-9) / (independent + 1e-9)).log()).sum((1, 2))


def bins_of(density: Tensor) -> Tensor:
    """Shares (N, BINS) of the bins of density, which are denser where tissue is pale: the root of density is binned.

    Args:
        density: (N,) optical density.
    """
    root = density.clamp(min=0).sqrt()
    top = torch.quantile(root[torch.randperm(len(root), generator=torch.Generator().manual_seed(0))[:50_000]], 0.995)
    position = (root / top.clamp(min=1e-3)).clamp(0, 1) * (BINS - 1)
    return (1 - (position[:, None] - torch.arange(BINS)).abs()).clamp(min=0)


def spread_out(values: Tensor) -> Tensor:
    """Grey values in [0, 1] half way to being equally frequent: beside metal all tissue may share a few bins."""
    sample = values.flatten()[:: max(1, values.numel() // 200_000)]
    known = torch.quantile(sample, torch.linspace(0, 1, 257))
    rank = (torch.searchsorted(known, values.contiguous()).float() / 256).clamp(0, 1)
    return 0.5 * values + 0.5 * rank
