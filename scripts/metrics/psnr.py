"""Peak signal-to-noise ratio over a region."""

from __future__ import annotations

import torch
from monai.metrics import PSNRMetric
from monai.utils import MetricReduction

from scripts.metrics.region import RegionMetric

PERFECT = 100.0  # dB, what identical images get instead of infinity


class RegionPSNRMetric(RegionMetric):
    """PSNR in dB of RGB images in [0, 1] over the pixels of a region, all channels together.

    The mean squared error is taken over the region only, then ``-10 log10(MSE)`` by `monai.metrics.PSNRMetric`.
    The value is cut at 100 dB (a root mean square error of 1e-5): identical images would give infinity, and so would
    the mean over all images.

    Args:
        reduction: how `aggregate` joins the images, as in MONAI's metrics.
    """

    def __init__(self, reduction: MetricReduction | str = MetricReduction.MEAN) -> None:
        super().__init__(reduction=reduction)
        self._psnr = PSNRMetric(max_val=1.0)

    def _compute_image(self, pred: torch.Tensor, label: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
        inside = region[0, 0]
        decibels: torch.Tensor = self._psnr._compute_metric(pred[:, :, inside], label[:, :, inside])
        return decibels.clamp(max=PERFECT).squeeze()
