"""Perceptual supervision: LPIPS as a term of the loss."""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch
from torch import nn

from scripts.errors import InputError
from scripts.metrics.lpips import SMALLEST
from scripts.metrics.lpips_weights import HOW_TO_GET, build_lpips, find_lpips_weights, read_alexnet_features


class PerceptualLoss(nn.Module):
    """LPIPS (AlexNet, version 0.1) of stain and section (Zhang et al., CVPR 2018, equation 1).

    ``monai.losses.PerceptualLoss`` takes neither weights from a file nor a mask. A network that is trained with LPIPS
    cannot be judged by LPIPS alone.

    Args:
        weights: file with AlexNet's convolutions; None = torch's cache (`find_lpips_weights`). Read by `load`, or at
            first use: a training without this term needs none.
    """

    def __init__(self, weights: str | PathLike[str] | None = None) -> None:
        super().__init__()
        self.weights = weights
        self._model: list[Any] = []  # in a list, so that it is no part of this module's state

    def load(self) -> None:
        """Read the weights.

        Raises:
            InputError: they are not on this machine.
        """
        path = find_lpips_weights(self.weights)
        if path is None:
            raise InputError(
                f"The perceptual loss has no AlexNet weights: {HOW_TO_GET}; or train without it, "
                "--loss_weights#perceptual 0, for a stain that is less sharp."
            )
        self._model = [build_lpips(read_alexnet_features(path))]

    def forward(self, pred: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Compare (N, 3, H, W) with (N, 3, H, W), both in [0, 1], where `mask` (N, 1, H, W) is 1; returns a scalar.

        Raises:
            InputError: see `load`; the images are too small for AlexNet.
        """
        if not self._model:
            self.load()
        if min(pred.shape[2:]) < SMALLEST:
            raise InputError(
                f"Patches of {pred.shape[2]} x {pred.shape[3]} pixels are too small for the perceptual loss: give "
                f"--patch_size {SMALLEST} or more, or --loss_weights#perceptual 0."
            )
        self._model[0].to(pred.device)
        pred, target = pred.float(), target.float()
        seen = torch.where(mask > 0, pred, target)
        with torch.autocast(pred.device.type, enabled=False):  # in bfloat16 the gradient is off by a tenth
            distance: torch.Tensor = self._model[0](seen, target, normalize=True).mean()
            return distance
