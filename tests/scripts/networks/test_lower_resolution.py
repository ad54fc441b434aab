"""Networks at work on shrunken images."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from scripts.networks import LowerResolution


class Seen(nn.Module):
    """Returns twice what it is given, and keeps it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.images = x
        return 2 * x


def test_network_sees_the_means_of_squares() -> None:
    seen = Seen()
    LowerResolution(seen, factor=2)(torch.tensor([[1.0, 3.0, 5.0, 7.0], [5.0, 7.0, 5.0, 7.0]])[None, None])
    assert seen.images.tolist() == [[[[4.0, 6.0]]]]


@pytest.mark.parametrize("size", [(8, 8), (7, 10), (9, 5)])
@pytest.mark.parametrize("factor", [1, 2, 3])
def test_size_and_constants_are_kept(size: tuple[int, int], factor: int) -> None:
    image = torch.full((2, 3, *size), 0.25)
    assert torch.equal(LowerResolution(Seen(), factor)(image), 2 * image)


def test_factor_one_leaves_images_alone() -> None:
    image = torch.rand(1, 1, 6, 6)
    seen = Seen()
    assert torch.equal(LowerResolution(seen, factor=1)(image), 2 * image)
    assert seen.images is image


@pytest.mark.parametrize("factor", [0, -1, 1.5, "2"])
def test_factor_that_is_none(factor: object) -> None:
    with pytest.raises(ValueError, match="factor must be a positive whole number"):
        LowerResolution(Seen(), factor)  # type: ignore[arg-type]
