"""Learned perceptual image patch similarity over a region."""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch
import torch.nn.functional as F
from monai.utils import MetricReduction

from scripts.errors import InputError
from scripts.metrics.lpips_weights import HOW_TO_GET, build_lpips, find_lpips_weights, read_alexnet_features
from scripts.metrics.region import RegionMetric

SMALLEST = 32  # pixels, below which AlexNet's last layers have nothing left to look at


class RegionLPIPSMetric(RegionMetric):
    """LPIPS (AlexNet, version 0.1) of RGB images in [0, 1], averaged over a region; 0 = same, larger = more different.

    Zhang, Isola, Efros, Shechtman, Wang, CVPR 2018, equation 1. Each layer's map of distances is averaged with the
    region's share of each of its cells as weight, then the five layers are added: over the whole image this is exactly
    the value of the `lpips` package. A cell looks at a neighbourhood (163 pixels wide in the last layer), so that
    pixels close to the region have some say.

    Args:
        weights: file with AlexNet's convolutions; None = torch's cache (`find_lpips_weights`). Read at first use.
        reduction: how `aggregate` joins the images, as in MONAI's metrics.
    """

    def __init__(
        self, weights: str | PathLike[str] | None = None, reduction: MetricReduction | str = MetricReduction.MEAN
    ) -> None:
        super().__init__(reduction=reduction)
        self.weights = weights
        self._model: Any = None

    def _network(self, device: torch.device) -> Any:
        if self._model is None:
            path = find_lpips_weights(self.weights)
            if path is None:
                raise InputError(f"LPIPS has no AlexNet weights: {HOW_TO_GET}.")
            self._model = build_lpips(read_alexnet_features(path))
        return self._model.to(device)

    @torch.no_grad()
    def _compute_image(self, pred: torch.Tensor, label: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
        if min(pred.shape[2:]) < SMALLEST:
            raise InputError(
                f"An image of {pred.shape[2]} x {pred.shape[3]} pixels is too small for LPIPS: "
                f"evaluate on images of at least {SMALLEST} x {SMALLEST} pixels."
            )
        model = self._network(pred.device)
        layers = model.net(model.scaling_layer(torch.cat([pred, label]) * 2 - 1))  # LPIPS takes images in [-1, 1]
        value = pred.new_zeros(())
        for head, features in zip(model.lins, layers, strict=True):
            # `lpips.normalize_tensor`, with the paper's safeguard against all-zero features
            unit = features / (features.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
            distance = head((unit[:1] - unit[1:]).square())
            share = F.interpolate(region.float(), size=distance.shape[2:], mode="area")
            value = value + (distance * share).sum() / share.sum()
        return value
