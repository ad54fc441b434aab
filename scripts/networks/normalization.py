"""Normalisation whose statistics are fixed at inference, so that a tile and the whole slice give the same pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

NORMS = ("batch", "instance", "none")


def norm_layer(name: str, channels: int) -> nn.Module:
    """Return the normalisation of a generator.

    Args:
        name: ``batch`` (running statistics, fixed at inference), ``instance`` (the textbook CycleGAN's; its statistics
            are those of the tile at hand, hence seams between tiles) or ``none``.
        channels: number of feature channels.

    Raises:
        ValueError: the name is none of the three.
    """
    if name == "batch":
        return nn.BatchNorm2d(channels)
    if name == "instance":
        return nn.InstanceNorm2d(channels, affine=True)
    if name == "none":
        return nn.Identity()
    raise ValueError(f"norm must be one of {NORMS}, got '{name}'.")


@contextmanager
def statistics_kept(network: nn.Module) -> Iterator[None]:
    """Leave the running statistics of batch normalisation as they are during the enclosed forward passes.

    In a CycleGAN each generator sees real and generated input in turn. At inference it sees real input only, so only
    real input may move the running statistics.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum


def fix_statistics(network: nn.Module) -> None:
    """Normalise by the running statistics although the network is in training mode, for the last part of a training.

    What the weights then learn is what inference will compute: the disparity between training and evaluation vanishes.
    """
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            layer.eval()
