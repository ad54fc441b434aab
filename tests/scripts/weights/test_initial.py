"""Where a training begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.weights import load_initial

SMALL: dict[str, Any] = {"channels": (4, 8), "blocks": 1}


def test_random_weights_are_left_alone() -> None:
    network = StainGenerator(**SMALL)
    assert load_initial(network, None) is network


def test_goes_on_with_the_weights_of_a_file(tmp_path: Path) -> None:
    earlier, network = StainGenerator(**SMALL), StainGenerator(**SMALL)
    torch.save(earlier.state_dict(), tmp_path / "model.pt")
    begun = load_initial(network, tmp_path / "model.pt")
    assert begun.training
    for name, value in earlier.state_dict().items():
        torch.testing.assert_close(begun.state_dict()[name], value, rtol=0, atol=0, equal_nan=True)


def test_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(StainGenerator(**SMALL).state_dict(), tmp_path / "model.pt")
    with pytest.raises(InputError, match="another architecture"):
        load_initial(StainGenerator(channels=(4, 8), blocks=2), tmp_path / "model.pt")
