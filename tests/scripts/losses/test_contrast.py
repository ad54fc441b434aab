from __future__ import annotations

import math

import pytest
import torch

from scripts.losses import PatchContrastLoss


def unit_features() -> torch.Tensor:
    """Four places, each with a direction of its own: (1, 4, 2, 2)."""
    return torch.eye(4).reshape(1, 4, 2, 2)


def test_value_by_hand() -> None:
    """Similarities are 1 at the same place and 0 elsewhere, so the loss is -log(e^(1/t) / (e^(1/t) + 3))."""
    features = unit_features()
    loss = PatchContrastLoss(places=4, temperature=0.5)([3 * features], [features], torch.ones(1, 1, 8, 8))
    assert loss.item() == pytest.approx(math.log(1 + 3 * math.exp(-2)))


def test_places_that_are_exchanged_cost_more() -> None:
    features = unit_features()
    loss = PatchContrastLoss(places=4, temperature=0.5)
    mask = torch.ones(1, 1, 2, 2)
    exchanged = loss([features.flip(3)], [features], mask).item()
    assert exchanged == pytest.approx(2 + math.log(1 + 3 * math.exp(-2)))  # 0 where 1 / t = 2 could be
    assert loss([features, features.flip(3)], [features, features], mask).item() == pytest.approx(exchanged - 1)


def test_only_valid_places_have_to_resemble_each_other() -> None:
    features = unit_features()
    broken = features.clone()
    broken[..., 1] = features[..., :1].mean()
    mask = torch.zeros(1, 1, 2, 2)
    mask[..., 0] = 1
    loss = PatchContrastLoss(places=4, temperature=0.5)  # far from 0, where float32 would have no digits left
    assert loss([broken], [features], mask).item() == pytest.approx(loss([features], [features], mask).item())
    assert loss([broken], [features], torch.zeros(1, 1, 2, 2)).item() == 0


def test_bfloat16_around_it_changes_nothing() -> None:
    torch.manual_seed(0)
    virtual, true = torch.rand(2, 2, 5, 4, 4)
    loss, mask = PatchContrastLoss(places=16), torch.ones(2, 1, 4, 4)
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss([virtual], [true], mask)
    torch.testing.assert_close(inside, loss([virtual], [true], mask))  # all places are drawn, in another order


@pytest.mark.parametrize(("places", "temperature"), [(1, 0.07), (64, 0.0)])
def test_options_out_of_range(places: int, temperature: float) -> None:
    with pytest.raises(ValueError, match="needed"):
        PatchContrastLoss(places, temperature)
