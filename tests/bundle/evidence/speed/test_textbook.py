"""The textbook's CycleGAN: its size, its losses and that all four networks learn."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from bundle.evidence.speed.textbook import TextbookCycleGAN, TextbookGenerator


def test_generator_has_the_textbooks_weights() -> None:
    """ResNet-9 from 3 to 3 channels has 11.378 million weights and biases (Zhu et al.'s code prints that number)."""
    count = sum(parameter.numel() for parameter in TextbookGenerator(3, 3).parameters())
    assert round(count / 1e6, 3) == 11.378


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 3), (3, 1)])
def test_sizes_and_range(inputs: int, outputs: int) -> None:
    stain = TextbookGenerator(inputs, outputs, channels=4, blocks=1)(torch.randn(2, inputs, 32, 40))
    assert stain.shape == (2, outputs, 32, 40)
    assert stain.abs().max() <= 1


def test_first_losses_by_hand() -> None:
    torch.manual_seed(0)
    model = TextbookCycleGAN(channels=4, blocks=1)
    ct, stain = torch.rand(2, 1, 64, 64), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        fake_stain, fake_ct = model.to_stain(2 * ct - 1), model.to_ct(2 * stain - 1)
        cycle = F.l1_loss(model.to_ct(fake_stain), 2 * ct - 1) + F.l1_loss(model.to_stain(fake_ct), 2 * stain - 1)
        judged = {
            "fake stain": model.stain_critic(fake_stain)[-1],
            "fake ct": model.ct_critic(fake_ct)[-1],
            "stain": model.stain_critic(2 * stain - 1)[-1],
            "ct": model.ct_critic(2 * ct - 1)[-1],
        }
    ones = {name: F.mse_loss(value, torch.ones_like(value)).item() for name, value in judged.items()}
    zeros = {name: F.mse_loss(value, torch.zeros_like(value)).item() for name, value in judged.items()}
    losses = model.step(ct, stain)
    assert losses["generators"] == pytest.approx(10 * cycle.item() + ones["fake stain"] + ones["fake ct"], rel=1e-5)
    expected = (ones["stain"] + zeros["fake stain"] + ones["ct"] + zeros["fake ct"]) / 2
    assert losses["discriminators"] == pytest.approx(expected, rel=1e-5)


def test_all_networks_learn() -> None:
    model = TextbookCycleGAN(channels=4, blocks=1)
    networks = (model.to_stain, model.to_ct, model.stain_critic, model.ct_critic)
    before = [next(network.parameters()).clone() for network in networks]
    model.step(torch.rand(1, 1, 64, 64), torch.rand(1, 3, 64, 64))
    assert all(not torch.equal(next(n.parameters()), old) for n, old in zip(networks, before, strict=True))
    assert all(parameter.requires_grad for network in networks for parameter in network.parameters())
