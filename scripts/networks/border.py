"""Convolutions that replicate the border."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


def replicate(x: torch.Tensor, width: int) -> torch.Tensor:
    """Pad (N, C, H, W) by `width` pixels that repeat the border, in its own precision.

    Autocast on a CPU pads in float32: every layer's bfloat16 features would be converted there and back. While a
    network is compiled the border is joined on: torch 2.13 takes the gradient of a padding for contiguous, also where
    it is channels last, and gives up.
    """
    if torch.compiler.is_compiling():
        for dim in (2, 3):
            first, last = x.narrow(dim, 0, 1), x.narrow(dim, x.shape[dim] - 1, 1)
            x = torch.cat([first] * width + [x] + [last] * width, dim)
        return x
    with torch.autocast(x.device.type, enabled=False):
        return F.pad(x, (width,) * 4, mode="replicate")


class BorderConv2d(nn.Conv2d):
    """A ``Conv2d`` of odd kernel whose border is replicated; without a stride height and width stay as they are.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel_size: side of the kernel.
        stride: step from one output pixel to the next.
        bias: whether to add one.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: int = 3, stride: int = 1, bias: bool = True) -> None:
        super().__init__(
            inputs, outputs, kernel_size, stride, padding=kernel_size // 2, padding_mode="replicate", bias=bias
        )

    def __prepare_scriptable__(self) -> nn.Conv2d:
        """What ``torch.jit.script`` compiles in place of this module: torch's own way to the same numbers."""
        layer = nn.Conv2d(
            self.in_channels,
            self.out_channels,
            self.kernel_size[0],
            self.stride[0],
            padding=self.kernel_size[0] // 2,
            bias=self.bias is not None,
            padding_mode="replicate",
        )
        layer.weight, layer.bias = self.weight, self.bias
        return layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(replicate(x, self.kernel_size[0] // 2), self.weight, self.bias, self.stride)
