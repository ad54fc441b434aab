"""Fixed statistics folded into the convolutions before them: the same function with fewer passes over the features."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Network = TypeVar("Network", bound=nn.Module)


def fold_statistics(network: Network) -> Network:
    """Return a copy, in evaluation mode, whose convolutions do the work of the batch normalisations behind them.

    Other normalisations stay. The copy is for inference: it has other weights and cannot be trained further.
    """
    folded = copy.deepcopy(network).eval()
    for block in list(folded.modules()):
        if not isinstance(block, nn.Sequential):
            continue
        layers = list(block)
        for index, (layer, norm) in enumerate(zip(layers, layers[1:], strict=False)):
            if isinstance(norm, nn.BatchNorm2d) and isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                block[index] = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
                block[index + 1] = nn.Identity()
    return folded
