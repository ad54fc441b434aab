"""Running statistics move by real input only, and not at all once fixed."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from scripts.networks.normalization import fix_statistics, norm_layer, statistics_kept


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), norm_layer("batch", 4), nn.ReLU(), nn.Conv2d(4, 2, 3), norm_layer("batch", 2)
    )


def statistics(module: nn.Module) -> list[torch.Tensor]:
    return [buffer.clone() for name, buffer in module.named_buffers() if "running" in name]


def unchanged(before: list[torch.Tensor], after: list[torch.Tensor]) -> bool:
    assert len(before) == len(after) == 4
    return all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_names() -> None:
    assert isinstance(norm_layer("batch", 4), nn.BatchNorm2d)
    instance = norm_layer("instance", 4)
    assert isinstance(instance, nn.InstanceNorm2d)
    assert instance.affine
    assert not instance.track_running_stats
    assert isinstance(norm_layer("none", 4), nn.Identity)
    with pytest.raises(ValueError, match="'group'"):
        norm_layer("group", 4)


def test_statistics_kept() -> None:
    net = network().train()
    images = 3 + torch.randn(2, 1, 16, 16)
    before = statistics(net)
    with statistics_kept(net):
        kept = net(images)
    assert unchanged(before, statistics(net))
    torch.testing.assert_close(net(images), kept)  # the output is that of the batch's own statistics all the same
    assert not unchanged(before, statistics(net))  # and outside of the context they move again


def test_statistics_kept_restores_after_an_exception() -> None:
    net = network().train()
    layer: Any = net[1]
    layer.momentum = 0.3
    with pytest.raises(KeyError), statistics_kept(net):
        raise KeyError
    assert [net[1].momentum, net[4].momentum] == [0.3, 0.1]


def test_fix_statistics() -> None:
    net = network().train()
    net(torch.randn(2, 1, 16, 16))
    images = 3 + torch.randn(2, 1, 16, 16)
    net.eval()
    expected = net(images)
    net.train()
    fix_statistics(net)
    before = statistics(net)
    assert net.training
    assert net[0].training
    assert torch.equal(net(images), expected)
    assert unchanged(before, statistics(net))
    net(images).sum().backward()
    assert net[1].weight.grad is not None  # gain and bias still learn
    net.train()  # undone by the next change of mode
    net(images)
    assert not unchanged(before, statistics(net))
