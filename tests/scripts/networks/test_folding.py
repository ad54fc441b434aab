"""A folded network computes the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from scripts.networks import StainGenerator, fold_statistics


@pytest.mark.parametrize("options", [{}, {"upsample": "transposed"}, {"norm": "instance"}, {"norm": "none"}])
def test_same_function_without_batch_normalisation(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = StainGenerator((4, 6, 8), 2, **options)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for name, tensor in layer.state_dict().items():
                if name != "num_batches_tracked":
                    nn.init.uniform_(tensor, 0.5, 2)
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    folded = fold_statistics(network)

    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    image = torch.rand(1, 1, 50, 61)
    with torch.no_grad():
        expected = network(image)
        assert expected.std() > 0.01
        # the same products in another order: a few roundings of float32 in a dozen layers
        assert (folded(image) - expected).abs().max() < 1e-5
    torch.testing.assert_close(dict(network.state_dict()), before, rtol=0, atol=0, equal_nan=True)  # left alone
    assert isinstance(folded, StainGenerator) and folded.percentiles == network.percentiles
