"""LPIPS of the best weights and of the lookup table, once at the end of a training."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from scripts.handlers.metrics import LPIPS, log_lpips_left_out
from scripts.lookup_table.choice import Items, score_stains
from scripts.weights.checkpoint import read_checkpoint

Stain = Callable[[Mapping[str, Any]], torch.Tensor]


def mean_lpips(items: Items, stains: Sequence[Stain], weights: str | os.PathLike[str] | None) -> list[float]:
    """Mean LPIPS of stains of the same pairs, of each way to stain them.

    Args:
        items: the pairs.
        stains: as of `score_stains`.
        weights: see `LPIPS`.

    Returns:
        Empty, with a line in the log, where AlexNet's weights are missing.

    Raises:
        InputError: the weights are no such file; an image is too small.
    """
    metric = LPIPS(weights)
    if metric.weights is None:
        log_lpips_left_out()
        return []
    return [float(np.nanmean(score_stains(items, stain, {"lpips": metric})["lpips"])) for stain in stains]


def stain_of(
    network: nn.Module, path: Path, inferer: Callable[..., Any], device: torch.device
) -> Callable[[Mapping[str, Any]], torch.Tensor]:
    """What stains with the weights of a file: a pair's CT (1, H, W) becomes (3, H, W) in [0, 1], on the CPU.

    Args:
        network: of the same architecture; it stays as it is.
        path: ``model.pt``.
        inferer: how it is applied.
        device: where to compute.

    Raises:
        InputError: the file cannot be read.
    """
    best = copy.deepcopy(network)
    best.load_state_dict(read_checkpoint(path))
    best.eval()

    def stain(item: Mapping[str, Any]) -> torch.Tensor:
        with torch.no_grad():
            made: torch.Tensor = inferer(torch.as_tensor(item["image"])[None].to(device), best)[0]
        return made.float().cpu()

    return stain
