"""A folded network computes the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from scripts.networks import StainGenerator, fold_layers
from scripts.networks.folding import ResizedConvolution


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"upsample": "transposed"},
        {"upsample": "bilinear"},
        {"norm": "instance"},
        {"norm": "none"},
        {"dark_end": 0.25},
    ],
)
def test_same_function_with_fewer_layers(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = StainGenerator((4, 6, 8), 2, **{"dark_end": 0.0} | options)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for name, tensor in layer.state_dict().items():
                if name != "num_batches_tracked":
                    nn.init.uniform_(tensor, 0.5, 2)
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    folded = fold_layers(network)

    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    resizing = [layer for layer in folded.modules() if isinstance(layer, nn.Upsample)]
    assert len(resizing) == (2 if options.get("upsample") == "bilinear" else 0)
    image = torch.rand(1, 1, 50, 61)
    with torch.no_grad():
        expected = network(image)
        assert expected.std() > 0.01
        # the same products in another order: a few roundings of float32 in a dozen layers
        assert (folded(image) - expected).abs().max() < 1e-5
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0, equal_nan=True)  # left alone
    assert isinstance(folded, StainGenerator)
    assert folded.percentiles == network.percentiles


@pytest.mark.parametrize("size", [(1, 1), (1, 6), (5, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_resizing_and_convolution_in_one(size: tuple[int, int], bias: bool) -> None:
    torch.manual_seed(0)
    resize = nn.Upsample(scale_factor=2.0, mode="nearest")
    convolution = nn.Conv2d(3, 4, 3, padding=1, padding_mode="replicate", bias=bias)
    features = torch.randn(2, 3, *size)
    expected = convolution(resize(features))
    # four products and their sums in another order than nine
    torch.testing.assert_close(ResizedConvolution(convolution)(features), expected, rtol=0, atol=2e-6)


def test_kernel_by_hand() -> None:
    """One input pixel becomes a block of 2 x 2, which the mirrored 3 x 3 kernel spreads over 4 x 4."""
    convolution = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate", bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]]))
    kernel = [[9.0, 17, 15, 7], [15, 28, 24, 11], [9, 16, 12, 5], [3, 5, 3, 1]]
    assert ResizedConvolution(convolution).weight[0, 0].tolist() == kernel


@pytest.mark.parametrize(
    "options", [{"stride": 2}, {"padding": 0}, {"padding_mode": "zeros"}, {"kernel_size": 5}, {"dilation": 2}]
)
def test_other_convolutions_are_left_alone(options: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"kernel_size": 3, "padding": 1, "padding_mode": "replicate"}
    convolution = nn.Conv2d(2, 2, **usual | options)
    assert not ResizedConvolution.replaces(nn.Upsample(scale_factor=2.0), convolution)
    assert not ResizedConvolution.replaces(nn.Upsample(scale_factor=4.0), nn.Conv2d(2, 2, **usual))
    assert ResizedConvolution.replaces(nn.Upsample(scale_factor=2.0), nn.Conv2d(2, 2, **usual))
