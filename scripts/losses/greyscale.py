"""Greyscale consistency: the readings that the source paper leaves open."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

READINGS = ("section", "structure", "backward")


class GreyscaleConsistencyLoss(nn.Module):
    """Keep grey values consistent between CT, stain and section.

    arXiv 2509.09235 names a greyscale consistency term without its formula. Three readings:

    - ``section``: luma of the stain against luma of the section, mean absolute difference.
    - ``structure``: luma of the stain against the CT. Metal is bright in CT and black in the section, so grey levels
      cannot agree; their structure does. The loss is 1 - r^2 with r the local correlation, blind to sign and contrast.
    - ``backward``: CT made from the section against the CT, mean absolute difference.

    Args:
        reading: one of the three.
        window: side of the square in which ``structure`` correlates, in pixels (odd).

    Raises:
        ValueError: unknown reading or even window.
    """

    def __init__(self, reading: str = "section", window: int = 9) -> None:
        super().__init__()
        if reading not in READINGS:
            raise ValueError(f"reading must be one of {READINGS}, got '{reading}'.")
        if window % 2 == 0:
            raise ValueError(f"window must be odd, got {window}.")
        self.reading, self.window = reading, window

    def forward(
        self,
        ct: torch.Tensor,
        section: torch.Tensor,
        stain: torch.Tensor,
        made_ct: torch.Tensor | None,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """Return a scalar.

        Args:
            ct: (N, 1, H, W) in [0, 1].
            section: (N, 3, H, W) in [0, 1].
            stain: (N, 3, H, W) in [0, 1], made from `ct`.
            made_ct: (N, 1, H, W) in [0, 1], made from `section`; only ``backward`` needs it.
            mask: (N, 1, H, W), 1 where the pair is valid.

        Raises:
            ValueError: reading ``backward`` without `made_ct`.
        """
        mask = mask.float()
        if self.reading == "section":
            difference = (luma(stain.float()) - luma(section.float())).abs()
        elif self.reading == "structure":
            difference = 1 - squared_local_correlation(luma(stain.float()), ct.float(), self.window)
        elif made_ct is None:
            raise ValueError("The reading 'backward' needs the CT made from the section.")
        else:
            difference = (made_ct.float() - ct.float()).abs()
        return (difference * mask).sum() / mask.sum().clamp(min=1.0)


def luma(rgb: torch.Tensor) -> torch.Tensor:
    """Grey value of (N, 3, H, W) RGB after ITU-R BT.601, as (N, 1, H, W)."""
    weights = rgb.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    return (rgb * weights).sum(dim=1, keepdim=True)


def squared_local_correlation(a: torch.Tensor, b: torch.Tensor, window: int, floor: float = 1e-4) -> torch.Tensor:
    """Squared correlation of two (N, 1, H, W) images in a sliding square; in [0, 1], 0 where either is flat.

    Args:
        a: first image, grey values in [0, 1].
        b: second image.
        window: side of the square in pixels, odd.
        floor: variance below which an image counts as flat: noise on a flat background has no structure.
    """

    def mean(x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, window, stride=1, padding=window // 2, count_include_pad=False)

    mean_a, mean_b = mean(a), mean(b)
    covariance = mean(a * b) - mean_a * mean_b
    variance_a = (mean(a * a) - mean_a**2).clamp(min=0)
    variance_b = (mean(b * b) - mean_b**2).clamp(min=0)
    return covariance**2 / ((variance_a + floor) * (variance_b + floor))
