"""The generator of pix2pix: a U-Net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.nets import UNet
from torch.nn import functional as F

from scripts.networks.definition import KeepsDefinition, notes_arguments
from scripts.networks.sizes import check_channels
from scripts.networks.windowing import KeepsWindowing


class StainUNet(KeepsWindowing, KeepsDefinition):
    """CT (N, 1, H, W) to stain (N, 3, H, W), both in [0, 1], any H and W: MONAI's ``UNet`` after pix2pix.

    Strided convolutions down, transposed ones up, and skips that hand the encoder's features to the decoder beside its
    own (Isola et al. 2017). The baseline of `configs/baselines/pix2pix.yaml`; with the windowing its CT needs.

    Args:
        channels: features at half, quarter, eighth ... resolution; the last is the bottom's, at the resolution of the
            last but one.
        dropout: share of features that training leaves out.

    Raises:
        ValueError: channels are not two or more whole numbers.
    """

    @notes_arguments
    def __init__(self, channels: Sequence[int] = (32, 64, 128, 256, 256), dropout: float = 0.0) -> None:
        super().__init__()
        check_channels(channels)
        levels = len(channels) - 1
        self.features = tuple(channels)
        self.channels = (3, *channels[:-1])  # at full, half ... resolution, as a ResNetGenerator's
        self.stride: int = 2**levels  # pixels of the image per pixel at the bottom
        self.unet = UNet(
            spatial_dims=2,
            in_channels=1,
            out_channels=3,
            channels=list(channels),
            strides=[2] * levels,
            norm="BATCH",
            dropout=dropout,
            bias=True,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """See `KeepsDefinition`; dropout has no part in what the weights compute."""
        return {"channels": list(self.features)}

    @property
    def halo(self) -> int:
        """Pixels around a tile that its output can depend on, a multiple of `stride`."""
        # 1, 2, ... stride / 2 on the way down and again on the way up, and stride at the bottom
        return 3 * self.stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        x = F.pad(2 * x - 1, (0, -width % self.stride, 0, -height % self.stride), mode="replicate")
        return torch.sigmoid(self.unet(x))[..., :height, :width]
