"""Tests of mutual information."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bundle.pairs.place.information import BINS, information, spread_out


def one_bin_each(values: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.one_hot(values, BINS).float()


def test_information_of_what_is_the_same() -> None:
    """Four values, equally frequent, that decide each other: the logarithm of four."""
    values = torch.arange(400) % 4
    found = information(values[None] / (BINS - 1), one_bin_each(values * 3), torch.ones(1, 400))
    assert float(found) == pytest.approx(np.log(4), abs=1e-4)


def test_information_of_what_is_independent() -> None:
    values, other = torch.arange(400) % 4, torch.arange(400) // 4 % 5
    found = information(values[None] / (BINS - 1), one_bin_each(other), torch.ones(1, 400))
    assert float(found) == pytest.approx(0, abs=1e-4)


def test_weights_choose() -> None:
    """Noise that has no weight takes nothing away."""
    values = torch.arange(400) % 4
    section = torch.where(torch.arange(400) < 200, values, torch.randint(4, (400,)))
    weight = (torch.arange(400) < 200).float()[None]
    assert float(information(values[None] / (BINS - 1), one_bin_each(section), weight)) == pytest.approx(
        np.log(4), abs=1e-4
    )


def test_grey_values_half_way_to_equal_frequency() -> None:
    """Nine tenths of the voxels share a tenth of the range: they get more of it, and the order stays."""
    values = torch.cat([torch.linspace(0, 0.1, 9000), torch.linspace(0.9, 1, 1000)]).reshape(10, 20, 50)
    spread = spread_out(values).flatten()
    assert (spread.diff() >= -1e-6).all()
    assert float(spread[8999]) == pytest.approx(0.5 * 0.1 + 0.5 * 0.9, abs=0.01)
    even = torch.linspace(0, 1, 10_000).reshape(10, 20, 50)
    np.testing.assert_allclose(spread_out(even), even, atol=0.005)  # one of 256 steps
