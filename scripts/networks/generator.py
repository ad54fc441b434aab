"""ResNet generators between CT and stain."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from scripts.networks.normalization import norm_layer
from scripts.options import truth

UPSAMPLINGS = ("nearest", "bilinear", "transposed")
STRIDE = 4  # the trunk works at a quarter of the resolution


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside an identity; shape (N, C, H, W) in and out."""

    def __init__(self, channels: int, norm: str) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            *convolution(channels, channels, norm),
            nn.ReLU(inplace=True),
            *convolution(channels, channels, norm),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.branch(x)


class ResNetGenerator(nn.Module):
    """Fully convolutional image translator after Johnson et al. 2016 and CycleGAN (Zhu et al. 2017).

    An encoder of two stride-2 convolutions, a trunk of residual blocks at a quarter of the resolution, a decoder of two
    up-samplings. Up-sampling is resize + convolution by default, which cannot draw the checkerboard of transposed
    convolutions (Odena et al. 2016). Borders are replicated, so a constant image stays constant.

    Input (N, in_channels, H, W) and output (N, out_channels, H, W) lie in [0, 1]; any H, W.

    Args:
        in_channels: 1 for CT, 3 for stain.
        out_channels: 3 for stain, 1 for CT.
        channels: feature channels at full, half and quarter resolution.
        blocks: residual blocks in the trunk.
        norm: ``batch``, ``instance`` or ``none``, see `norm_layer`.
        upsample: ``nearest`` or ``bilinear`` resize + convolution, or ``transposed`` convolution.
        skip: add the encoder's features at half resolution to the decoder's, which keeps edges sharp; at full
            resolution they would bring the noise of the CT along.
        kernel_size: of the first and the last convolution (textbook: 7, many times the work of 3).

    Raises:
        ValueError: an argument is not one of those above.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int] = (16, 32, 64),
        blocks: int = 6,
        norm: str = "batch",
        upsample: str = "nearest",
        skip: bool = True,
        kernel_size: int = 3,
    ) -> None:
        super().__init__()
        if len(channels) != 3:
            raise ValueError(f"channels must be three numbers (full, half, quarter resolution), got {list(channels)}.")
        if upsample not in UPSAMPLINGS:
            raise ValueError(f"upsample must be one of {UPSAMPLINGS}, got '{upsample}'.")
        skip = truth(skip, "skip")
        full, half, quarter = channels
        self.in_channels, self.out_channels = in_channels, out_channels
        self.blocks, self.kernel_size, self.upsample, self.skip = blocks, kernel_size, upsample, skip
        self.stem = nn.Sequential(*convolution(in_channels, full, norm, kernel_size), nn.ReLU(inplace=True))
        self.down_half = nn.Sequential(*convolution(full, half, norm, stride=2), nn.ReLU(inplace=True))
        self.down_quarter = nn.Sequential(*convolution(half, quarter, norm, stride=2), nn.ReLU(inplace=True))
        self.trunk = nn.Sequential(*[ResidualBlock(quarter, norm) for _ in range(blocks)])
        self.up_half = upsampling(quarter, half, norm, upsample)
        self.up_full = upsampling(half, full, norm, upsample)
        self.head = nn.Conv2d(full, out_channels, kernel_size, padding=kernel_size // 2, padding_mode="replicate")

    @property
    def halo(self) -> int:
        """Pixels around a tile that its output can depend on, rounded up to a multiple of `STRIDE`."""
        edge = self.kernel_size // 2
        # what resizing shifts, and twice that where it blends neighbours besides
        resizing = 2 * STRIDE if self.upsample == "bilinear" else STRIDE
        # radius of each convolution times the stride it works at
        radius = edge + 1 + 2 + 2 * self.blocks * STRIDE + 2 + 1 + edge + resizing
        return math.ceil(radius / STRIDE) * STRIDE

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        x = F.pad(2 * x - 1, (0, -width % STRIDE, 0, -height % STRIDE), mode="replicate")
        half = self.down_half(self.stem(x))
        x = self.up_half(self.trunk(self.down_quarter(half)))
        x = self.up_full(x + half if self.skip else x)
        return torch.sigmoid(self.head(x))[..., :height, :width]


class StainGenerator(ResNetGenerator):
    """CT (N, 1, H, W) to stain (N, 3, H, W), with the windowing its CT needs.

    The buffers travel with the weights: ``ct_window`` (2,) is the window [lo, hi] common to all training scans, NaN
    where they had different ones; ``ct_percentiles`` (2,) the percentiles that find the window of any other scan.
    The arguments are those of `ResNetGenerator` but for the channels in and out.
    """

    ct_window: torch.Tensor
    ct_percentiles: torch.Tensor

    def __init__(
        self,
        channels: Sequence[int] = (16, 32, 64),
        blocks: int = 6,
        norm: str = "batch",
        upsample: str = "nearest",
        skip: bool = True,
        kernel_size: int = 3,
    ) -> None:
        super().__init__(1, 3, channels, blocks, norm, upsample, skip, kernel_size)
        self.register_buffer("ct_window", torch.full((2,), math.nan))
        self.register_buffer("ct_percentiles", torch.tensor([0.5, 99.5]))

    def set_windowing(self, window: Sequence[float] | None, percentiles: Sequence[float]) -> None:
        """Note how the training CT was windowed: `window` None where the scans have no common one."""
        self.ct_window.copy_(torch.tensor([math.nan, math.nan] if window is None else list(window)))
        self.ct_percentiles.copy_(torch.tensor(list(percentiles)))

    @property
    def trained_window(self) -> tuple[float, float] | None:
        """The window common to all training scans, or None."""
        lo, hi = self.ct_window.tolist()
        return None if math.isnan(lo) else (lo, hi)

    @property
    def percentiles(self) -> tuple[float, float]:
        """Lower and upper percentile that find the window of a scan."""
        lower, upper = self.ct_percentiles.tolist()
        return (round(lower, 4), round(upper, 4))


def convolution(inputs: int, outputs: int, norm: str, kernel_size: int = 3, stride: int = 1) -> list[nn.Module]:
    """A border-replicating convolution and its normalisation."""
    layer = nn.Conv2d(
        inputs,
        outputs,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        padding_mode="replicate",
        bias=norm == "none",  # a normalisation would take the bias away again
    )
    return [layer, norm_layer(norm, outputs)]


def upsampling(inputs: int, outputs: int, norm: str, mode: str) -> nn.Sequential:
    """Double the resolution and change the channels."""
    if mode == "transposed":
        layers = [
            nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1, bias=norm == "none"),
            norm_layer(norm, outputs),
        ]
    else:
        resize = nn.Upsample(scale_factor=2.0, mode=mode, align_corners=False if mode == "bilinear" else None)
        layers = [resize, *convolution(inputs, outputs, norm)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True))
