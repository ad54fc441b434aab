"""Convolutions that replicate the border."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from scripts.networks.border import BorderConv2d, replicate


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel_size", [3, 7])
def test_it_is_torchs_convolution(kernel_size: int, stride: int) -> None:
    torch.manual_seed(0)
    ours = BorderConv2d(2, 3, kernel_size, stride)
    torchs = nn.Conv2d(2, 3, kernel_size, stride, padding=kernel_size // 2, padding_mode="replicate")
    torchs.load_state_dict(ours.state_dict())
    image = torch.rand(1, 2, 10, 13)
    assert torch.equal(ours(image), torchs(image))


def test_features_are_padded_in_their_own_precision() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        padded = replicate(torch.rand(1, 2, 4, 4).bfloat16(), 1)
        assert padded.dtype == torch.bfloat16
        assert padded.shape == (1, 2, 6, 6)
        # what it is there for: if torch no longer converts, it can go
        assert F.pad(torch.rand(1, 2, 4, 4).bfloat16(), (1, 1, 1, 1), mode="replicate").dtype == torch.float32


def test_autocast_changes_no_bit() -> None:
    torch.manual_seed(0)
    first, second = BorderConv2d(1, 4), BorderConv2d(4, 2, bias=False)
    image = torch.rand(1, 1, 8, 8)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        result = second(first(image).relu())
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate").bfloat16()
    hidden = F.conv2d(padded, first.weight.bfloat16(), first.bias.bfloat16()).relu().float()  # type: ignore[union-attr]
    expected = F.conv2d(F.pad(hidden, (1, 1, 1, 1), mode="replicate").bfloat16(), second.weight.bfloat16())
    assert result.dtype == torch.bfloat16
    assert torch.equal(result, expected)


def test_a_compiled_border_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.rand(2, 3, 4, 5)
    expected = replicate(image, 3)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert torch.equal(replicate(image, 3), expected)
