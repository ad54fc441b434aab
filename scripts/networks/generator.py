"""ResNet generators between CT and stain."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from scripts.networks.border import BorderConv2d
from scripts.networks.normalization import norm_layer
from scripts.networks.scriptable import ScriptableGenerator
from scripts.networks.sizes import check_channels, check_whole
from scripts.options.values import truth

UPSAMPLINGS = ("nearest", "bilinear", "transposed")
CHANNELS, BLOCKS = (16, 32, 64, 128), 6  # what the configs have too


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
        change: torch.Tensor = self.branch(x)
        return x + change


class ResNetGenerator(nn.Module):
    """Fully convolutional image translator after Johnson et al. 2016 and CycleGAN (Zhu et al. 2017).

    An encoder of stride-2 convolutions, a trunk of residual blocks at the lowest resolution, a decoder of as many
    up-samplings. The textbook has two of them; a third lets the trunk see twice as far at a quarter of the cost.
    Up-sampling is resize + convolution by default, which cannot draw the checkerboard of transposed convolutions
    (Odena et al. 2016). Borders are replicated, so a constant image stays constant.

    Input (N, in_channels, H, W) and output (N, out_channels, H, W) lie in [0, 1]; any H, W. The buffer ``options`` (2,)
    keeps with the weights what their shapes do not tell: `skip` and the number of `upsample`.

    Args:
        in_channels: 1 for CT, 3 for stain.
        out_channels: 3 for stain, 1 for CT.
        channels: feature channels at full, half, quarter ... resolution, at least two numbers.
        blocks: residual blocks in the trunk.
        norm: ``batch``, ``instance`` or ``none``, see `norm_layer`.
        upsample: ``nearest`` or ``bilinear`` resize + convolution, or ``transposed`` convolution.
        skip: add the encoder's features to the decoder's at every resolution between full and lowest, which keeps
            edges sharp; at full resolution they would bring the noise of the CT along.
        kernel_size: of the first and the last convolution (textbook: 7, many times the work of 3).

    Raises:
        ValueError: an argument is not one of those above.
    """

    options: torch.Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        channels: Sequence[int] = CHANNELS,
        blocks: int = BLOCKS,
        norm: str = "batch",
        upsample: str = "nearest",
        skip: bool = True,
        kernel_size: int = 3,
    ) -> None:
        super().__init__()
        check_channels(channels)
        check_whole(blocks, 0, f"blocks must be a whole number, 0 or more, got {blocks!r}.")
        odd = f"kernel_size must be an odd number of pixels, got {kernel_size!r}."
        check_whole(kernel_size, 1, odd)
        if kernel_size % 2 == 0:
            raise ValueError(odd)
        if upsample not in UPSAMPLINGS:
            raise ValueError(f"upsample must be one of {UPSAMPLINGS}, got '{upsample}'.")
        skip = truth(skip, "skip")
        self.in_channels, self.out_channels, self.channels = in_channels, out_channels, tuple(channels)
        self.blocks, self.kernel_size, self.upsample, self.skip = blocks, kernel_size, upsample, skip
        self.register_buffer("options", torch.tensor([int(skip), UPSAMPLINGS.index(upsample)]))
        full, lowest = channels[0], channels[-1]
        steps = list(itertools.pairwise(channels))
        self.stem = nn.Sequential(*convolution(in_channels, full, norm, kernel_size), nn.ReLU(inplace=True))
        self.down = nn.ModuleList(
            nn.Sequential(*convolution(finer, coarser, norm, stride=2), nn.ReLU(inplace=True))
            for finer, coarser in steps
        )
        self.trunk = nn.Sequential(*[ResidualBlock(lowest, norm) for _ in range(blocks)])
        self.up = nn.ModuleList(upsampling(coarser, finer, norm, upsample) for finer, coarser in reversed(steps))
        self.head = BorderConv2d(full, out_channels, kernel_size)

    @property
    def stride(self) -> int:
        """Pixels of the image per pixel of the trunk."""
        return int(2 ** len(self.down))

    @property
    def halo(self) -> int:
        """Pixels around a tile that its output can depend on, rounded up to a multiple of `stride`."""
        # radius of each convolution times the stride it works at; encoder and decoder have one at 1, 2, ... stride / 2
        radius = 2 * (self.kernel_size // 2) + 2 * (self.stride - 1) + 2 * self.blocks * self.stride
        # what resizing shifts, and twice that where it blends neighbours besides
        radius += 2 * self.stride if self.upsample == "bilinear" else self.stride
        return self._whole_strides(radius)

    @property
    def encoder_halo(self) -> int:
        """Pixels around a tile that its features at the lowest resolution depend on, a multiple of `stride`."""
        return self._whole_strides(self.kernel_size // 2 + self.stride - 1)

    @property
    def decoder_halo(self) -> int:
        """Pixels around a tile that its output depends on once the trunk is known, a multiple of `stride`."""
        wrong = 0  # pixels at the border of a piece that lack their neighbours, from the lowest resolution to the full
        for level in reversed(range(len(self.down))):
            scale = 2**level
            wrong += scale if self.upsample == "nearest" else 2 * scale  # the convolution, and what resizing blends
            if self.skip and level > 0:
                encoder = self.kernel_size // 2 + scale - 1
                wrong = max(wrong, math.ceil(encoder / scale) * scale)
        return self._whole_strides(wrong + self.kernel_size // 2)

    def _whole_strides(self, pixels: int) -> int:
        return math.ceil(pixels / self.stride) * self.stride

    def encode(self, x: torch.Tensor, levels: int | None = None) -> list[torch.Tensor]:
        """Features of an image in [0, 1] at half, quarter ... resolution, of the first `levels` of them or all.

        Sides that are no multiple of `stride` are padded at the bottom and the right.
        """
        height, width = x.shape[-2:]
        below, right = -height % self.stride, -width % self.stride
        x = 2 * x - 1
        # a traced network is to pad images of any size; a compiled one, see `replicate`, is spared where it can be
        if below or right or not torch.compiler.is_compiling():
            x = F.pad(x, (0, right, 0, below), mode="replicate")
        x = self.stem(x)
        features = []
        for down in self.down[:levels]:
            x = down(x)
            features.append(x)
        return features

    def decode(self, x: torch.Tensor, finer: Sequence[torch.Tensor]) -> torch.Tensor:
        """The image in [0, 1] from the trunk's output and the encoder's finer features, finest first."""
        passed = [*reversed(finer), None] if self.skip else [None] * len(self.up)  # none at full resolution
        for up, features in zip(self.up, passed, strict=True):
            x = up(x)
            if features is not None:
                x = x + features
        return torch.sigmoid(self.head(x))

    def __prepare_scriptable__(self) -> nn.Module:
        """What ``torch.jit.script`` compiles in place of this module."""
        return ScriptableGenerator(self)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        *finer, lowest = self.encode(x)
        return self.decode(self.trunk(lowest), finer)[..., :height, :width]


def convolution(inputs: int, outputs: int, norm: str, kernel_size: int = 3, stride: int = 1) -> list[nn.Module]:
    """A border-replicating convolution and its normalisation."""
    # a normalisation would take the bias away again
    return [BorderConv2d(inputs, outputs, kernel_size, stride, bias=norm == "none"), norm_layer(norm, outputs)]


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
