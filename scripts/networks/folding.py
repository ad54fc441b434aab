"""What is fixed at inference folded into the convolutions: the same function with fewer products and fewer passes."""

from __future__ import annotations

import copy
import itertools
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from scripts.networks.border import replicate

Network = TypeVar("Network", bound=nn.Module)


def fold_layers(network: Network) -> Network:
    """Return a copy, in evaluation mode, with fewer layers.

    Its convolutions do the work of the batch normalisations behind them, and of nearest-neighbour resizing before them
    (see `ResizedConvolution`). Other normalisations and resizings stay. The copy is for inference: it has other
    weights and cannot be trained further.
    """
    folded = copy.deepcopy(network).eval()
    for block in list(folded.modules()):
        if not isinstance(block, nn.Sequential):
            continue
        layers = list(block)
        for index, (layer, norm) in enumerate(itertools.pairwise(layers)):
            if isinstance(norm, nn.BatchNorm2d) and isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                block[index] = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
                block[index + 1] = nn.Identity()
        layers = list(block)
        for index, (resize, layer) in enumerate(itertools.pairwise(layers)):
            if isinstance(layer, nn.Conv2d) and ResizedConvolution.replaces(resize, layer):
                block[index], block[index + 1] = nn.Identity(), ResizedConvolution(layer)
    return folded


class ResizedConvolution(nn.Module):
    """Doubling by nearest neighbours and a 3 x 3 convolution, as one transposed convolution.

    A resized pixel is a block of 2 x 2 equal ones, so of the nine taps of an output pixel only four fall on different
    input pixels. Those that fall on the same one are added up beforehand, which leaves a 4 x 4 kernel with a stride of
    2: four products for each output pixel instead of nine, and no resized features in memory.

    Input (N, C, H, W), output (N, C', 2 H, 2 W).

    Args:
        convolution: the 3 x 3 convolution that follows the resizing.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        weight = convolution.weight.detach()  # (outputs, inputs, 3, 3)
        # a transposed convolution lays its kernel out around each input pixel: that of 3 x 3 pixels mirrored, spread
        # over the block of 2 x 2
        blocks = torch.ones(1, 1, 2, 2, dtype=weight.dtype, device=weight.device)
        spread = F.conv2d(weight.flip(2, 3).reshape(-1, 1, 3, 3), blocks, padding=1)
        self.weight = nn.Parameter(spread.view(*weight.shape[:2], 4, 4).transpose(0, 1).contiguous())
        self.bias = None if convolution.bias is None else nn.Parameter(convolution.bias.detach().clone())

    @staticmethod
    def replaces(resize: nn.Module, convolution: nn.Conv2d) -> bool:
        """Whether these two layers are ones that it can do the work of."""
        return (
            isinstance(resize, nn.Upsample)
            and (resize.mode, resize.scale_factor) == ("nearest", 2.0)
            and convolution.kernel_size == (3, 3)
            and convolution.stride == (1, 1)
            and convolution.padding == (1, 1)
            and convolution.dilation == (1, 1)
            and convolution.groups == 1
            and convolution.padding_mode == "replicate"
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # the border of resized features, replicated once, is that of the features themselves; 3 is 1 for the kernel's
        # reach and 2 for the padding
        return F.conv_transpose2d(replicate(x, 1), self.weight, self.bias, stride=2, padding=3)
