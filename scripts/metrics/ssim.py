"""Structural similarity over a region."""

from __future__ import annotations

import torch
from monai.metrics.regression import compute_ssim_and_cs
from monai.utils import MetricReduction

from scripts.errors import InputError
from scripts.metrics.region import RegionMetric

WINDOW = 11  # pixels, side of the Gaussian window (standard deviation 1.5), as in the paper


class RegionSSIMMetric(RegionMetric):
    """SSIM of RGB images in [0, 1], averaged over the channels and over the pixels of a region.

    Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Process. 13(4), 2004, equation 13, with the paper's constants
    (K1 0.01, K2 0.03, Gaussian window of 11 x 11 pixels with standard deviation 1.5) and range 1; the map is MONAI's.
    A pixel counts if it is in the region and its window lies within the image. The window of a pixel at the edge of the
    region reaches 5 pixels out of it.

    Args:
        reduction: how `aggregate` joins the images, as in MONAI's metrics.
    """

    def __init__(self, reduction: MetricReduction | str = MetricReduction.MEAN) -> None:
        super().__init__(reduction=reduction)

    def _compute_image(self, pred: torch.Tensor, label: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
        if min(pred.shape[2:]) < WINDOW:
            raise InputError(
                f"An image of {pred.shape[2]} x {pred.shape[3]} pixels is too small for SSIM: "
                f"evaluate on images of at least {WINDOW} x {WINDOW} pixels."
            )
        ssim, _ = compute_ssim_and_cs(
            pred, label, spatial_dims=2, kernel_size=(WINDOW, WINDOW), kernel_sigma=(1.5, 1.5), data_range=1.0
        )
        border = WINDOW // 2
        inside = region[0, 0, border:-border, border:-border]
        return ssim[0].mean(dim=0)[inside].mean()  # NaN if no window of the region lies within the image
