from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from scripts.errors import InputError
from scripts.inferers import TileInferer, UncertaintyInferer
from scripts.networks import StainGenerator
from tests.conftest import TINY_CHANNELS
from tests.scripts.networks.test_familiar import known


class LeftRight(nn.Module):
    """Stains by the place in the image: the column, from 0 to 1. Halo and stride are what a TileInferer asks for."""

    halo, stride = 0, 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linspace(0, 1, x.shape[3]).expand(len(x), 3, *x.shape[2:])


class Pixelwise(LeftRight):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, 1 - x, x / 2], dim=1)


def test_a_network_that_does_not_care_how_a_slice_lies_is_certain() -> None:
    inputs = torch.rand(2, 1, 6, 9)
    result = UncertaintyInferer(views=8)(inputs, Pixelwise())
    assert torch.equal(result[:, :3], Pixelwise()(inputs))
    assert result[:, 3].abs().max() < 1e-6  # rounding


def test_deviation_by_hand() -> None:
    """Mirrored, column c of 5 gives 1 - c / 4: the deviation of c / 4 and 1 - c / 4 is |c / 4 - 1 / 2|."""
    result = UncertaintyInferer(views=2)(torch.rand(1, 1, 3, 5), LeftRight())
    expected = (torch.linspace(0, 1, 5) - 0.5).abs().expand(1, 3, 5)
    torch.testing.assert_close(result[:, 3], expected)
    # the quarter turn stains by the row: its views are those of the mirrored one and of 0, 1/2, 1 down the rows
    rows = UncertaintyInferer(views=3)(torch.rand(1, 1, 3, 5), LeftRight())
    views = torch.stack(
        [
            torch.linspace(0, 1, 5).expand(3, 5),
            torch.linspace(1, 0, 5).expand(3, 5),
            torch.linspace(0, 1, 3)[:, None].expand(3, 5),
        ]
    )
    torch.testing.assert_close(rows[0, 3], views.std(dim=0, unbiased=False))


@pytest.mark.parametrize("views", range(2, 9))
def test_every_view_is_laid_back(views: int) -> None:
    """Staining by the CT's own place-dependent value leaves nothing of the views but what the place does."""
    inputs = torch.rand(1, 1, 4, 7)
    assert UncertaintyInferer(views=views)(inputs, Pixelwise())[:, 3].abs().max() < 1e-6


def test_levels_and_the_stain_are_those_of_a_tile_inferer() -> None:
    torch.manual_seed(0)
    network = StainGenerator(TINY_CHANNELS, blocks=1).eval()
    inputs = torch.rand(2, 1, 40, 24)
    with torch.no_grad():
        levels = UncertaintyInferer(views=4, tile_size=16, as_uint8=True)(inputs, network)
        values = UncertaintyInferer(views=4, tile_size=16)(inputs, network)
        plain = TileInferer(tile_size=16, as_uint8=True)(inputs, network)
        off = UncertaintyInferer("false", tile_size=16, as_uint8=True)(inputs, network)
    assert levels.dtype == torch.uint8
    assert levels.shape == (2, 4, 40, 24)
    assert torch.equal(levels[:, :3], plain)
    assert torch.equal(off, plain)
    expected = (values[:, 3] * 4 * 255).round().clamp(0, 255)  # quarters of a grey level
    assert torch.equal(levels[:, 3].float(), expected)
    assert expected.max() > 0


@pytest.mark.parametrize("views", [1, 9, 2.5, True])
def test_views_out_of_range(views: int) -> None:
    with pytest.raises(InputError, match="--views"):
        UncertaintyInferer(views=views)


class TestNovelty:
    @pytest.fixture
    def network(self) -> StainGenerator:
        torch.manual_seed(0)
        network = StainGenerator(TINY_CHANNELS, blocks=1).eval()
        network.known_features = known()
        return network

    def test_is_that_of_the_trunk_and_leaves_the_others_alone(self, network: StainGenerator) -> None:
        inputs = torch.rand(2, 1, 42, 24)  # 42 is no multiple of the stride, 4
        with torch.no_grad():
            both = UncertaintyInferer(views=4, tile_size=16, novelty=True)(inputs, network)
            alone = UncertaintyInferer(False, tile_size=16, novelty="true")(inputs, network)
            without = UncertaintyInferer(views=4, tile_size=16)(inputs, network)
            coarse = known().novelty(network.trunk(network.encode(inputs)[-1]))
        assert both.shape == (2, 5, 42, 24)
        assert torch.equal(both[:, :4], without)
        assert torch.equal(alone[:, :3], without[:, :3])
        assert torch.equal(alone[:, 3], both[:, 4])
        # by hand at the centres of a block of 4 x 4: the mean of its four middle pixels
        middle = alone[:, 3, :40].view(2, 10, 4, 6, 4)[:, :, 1:3, :, 1:3].mean(dim=(2, 4))
        inside = (slice(None), slice(1, 9), slice(1, 5))
        neighbours = F.conv2d(coarse, torch.tensor([[1.0, 14, 1], [14, 196, 14], [1, 14, 1]])[None, None] / 256)
        torch.testing.assert_close(middle[inside], neighbours[:, 0, :8], rtol=1e-4, atol=1e-5)

    def test_as_levels(self, network: StainGenerator) -> None:
        inputs = torch.rand(1, 1, 24, 24)
        with torch.no_grad():
            values = UncertaintyInferer(views=2, novelty=True)(inputs, network)
            levels = UncertaintyInferer(views=2, novelty=True, as_uint8=True)(inputs, network)
        assert levels.dtype == torch.uint8
        torch.testing.assert_close(levels[:, 4], (128 * values[:, 4]).round().clamp(0, 255).byte(), rtol=0, atol=0)

    def test_not_known(self) -> None:
        network = StainGenerator(TINY_CHANNELS, blocks=1).eval()
        with pytest.raises(InputError, match=r"novelty is not known.* python -m bundle familiar"):
            UncertaintyInferer(novelty=True)(torch.rand(1, 1, 8, 8), network)
        with pytest.raises(InputError, match="novelty"):
            UncertaintyInferer(novelty="perhaps")
