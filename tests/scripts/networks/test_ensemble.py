"""Several generators as one network, by itself and under what inference does with it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from scripts.errors import InputError
from scripts.inferers import TileInferer, UncertaintyInferer, default_tile_size, sparse
from scripts.inferers.footprint import MEAN, slice_bytes, tile_bytes
from scripts.networks import StainEnsemble, StainGenerator, StainUNet, fold_layers
from scripts.networks.definition import decoded, difference, encoded
from scripts.networks.ensemble import mean_of, members_of
from tests.conftest import TINY_CHANNELS
from tests.scripts.networks.test_familiar import known

HALF_A_STEP = 2e-6  # rounding of float32 through a network and a mean


def generators(count: int = 2) -> list[StainGenerator]:
    """Different ones; batch normalisation is given statistics, so that folding has something to fold."""
    torch.manual_seed(0)
    made = [StainGenerator(TINY_CHANNELS, blocks=1) for _ in range(count)]
    for network in made:
        network.train()(torch.rand(2, 1, 32, 32))
    return [network.eval() for network in made]


def ensemble_of_these(networks: list[StainGenerator]) -> StainEnsemble:
    ensemble = StainEnsemble(members=len(networks), of=networks[0])
    for member, network in zip(members_of(ensemble), networks, strict=True):
        member.load_state_dict(network.state_dict())
    return ensemble.eval()


@pytest.fixture(scope="module")
def two() -> StainEnsemble:
    return ensemble_of_these(generators())


def round_field(side: int) -> torch.Tensor:
    """A disc of noise in a field of one grey value, as outside a round field of view."""
    line = torch.linspace(-1, 1, side)
    inside = line[:, None] ** 2 + line**2 < 0.2
    return torch.where(inside, torch.rand(2, 1, side, side), torch.tensor(0.25))


@torch.no_grad()
def test_the_mean_by_hand(two: StainEnsemble) -> None:
    one, other = two.members
    image = torch.rand(2, 1, 21, 30)
    torch.testing.assert_close(two(image), (one(image) + other(image)) / 2, rtol=0, atol=0)
    assert (one(image) - other(image)).abs().max() > 0.01


@torch.no_grad()
def test_identical_members_are_the_one_bit_for_bit() -> None:
    network = generators(1)[0]
    twins = ensemble_of_these([network, network])
    image = torch.rand(1, 1, 40, 24)
    assert torch.equal(twins(image), network(image))
    for ready in (TileInferer(16), TileInferer(16, as_uint8=True), UncertaintyInferer(False, tile_size=16)):
        assert torch.equal(ready(image, twins), ready(image, network))
    both = (
        UncertaintyInferer(views=4, tile_size=16)(image, twins),
        UncertaintyInferer(views=4, tile_size=16)(image, network),
    )
    torch.testing.assert_close(*both, rtol=0, atol=HALF_A_STEP)  # twice the same views have the same deviation


@torch.no_grad()
def test_tiles_of_each_member(two: StainEnsemble) -> None:
    """Each member goes through its three parts by itself, also folded, and where the slice is blank."""
    image, folded = round_field(160), fold_layers(two)
    assert isinstance(folded, StainEnsemble)
    for size in (64, 1000):
        stain = TileInferer(size)(image, folded)
        alone = [TileInferer(size)(image, member) for member in folded.members]
        assert torch.equal(stain, mean_of(alone))
        torch.testing.assert_close(stain, two(image), rtol=0, atol=1e-5)  # folding and tiling round
    levels = TileInferer(64, as_uint8=True)(image, folded)
    assert torch.equal(levels, (255 * TileInferer(64)(image, folded)).round().to(torch.uint8))


@torch.no_grad()
def test_parts_of_a_blank_field_are_left_out(two: StainEnsemble, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planned once for each member, not for each slice; the second slice is stained in the shapes of the first."""
    planned, plan = [], sparse._plan

    def noted(network: Any, *args: Any) -> Any:
        planned.append(network)
        return plan(network, *args)

    monkeypatch.setattr(sparse, "_plan", noted)
    image = round_field(320)[:1].expand(3, 1, 320, 320)
    TileInferer(320)(image, two)
    assert planned == list(two.members)


def test_unets() -> None:
    networks = [StainUNet((4, 8)).eval() for _ in range(2)]
    ensemble = StainEnsemble(members=2, of=networks[0]).eval()
    ensemble.members[1].load_state_dict(networks[1].state_dict())
    image = torch.rand(1, 1, 24, 18)
    with torch.no_grad():
        expected = (networks[0](image) + networks[1](image)) / 2
        torch.testing.assert_close(TileInferer(8)(image, ensemble), expected, rtol=0, atol=HALF_A_STEP)


@torch.no_grad()
def test_uncertainty_is_the_spread_of_members_and_views(two: StainEnsemble) -> None:
    """By hand: two members, two views each (as it lies, and mirrored) are four stains."""
    image = torch.rand(2, 1, 24, 16)
    result = UncertaintyInferer(views=2)(image, two)
    stains = [stain for member in two.members for stain in (member(image), member(image.flip(3)).flip(3))]
    torch.testing.assert_close(result[:, :3], two(image), rtol=0, atol=HALF_A_STEP)
    expected = torch.stack(stains).std(dim=0, unbiased=False).mean(dim=1)
    torch.testing.assert_close(result[:, 3], expected, rtol=0, atol=1e-5)
    alone = UncertaintyInferer(views=2)(image, two.members[0])[:, 3]
    assert result[:, 3].mean() > alone.mean()  # what the members disagree on counts


@torch.no_grad()
def test_novelty_is_the_mean_of_the_members() -> None:
    networks = generators()
    for network in networks:
        network.known_features = known()
    ensemble, image = ensemble_of_these(networks), torch.rand(1, 1, 24, 16)
    novelty = UncertaintyInferer(False, novelty=True)(image, ensemble)[:, 3]
    alone = [UncertaintyInferer(False, novelty=True)(image, network)[:, 3] for network in networks]
    torch.testing.assert_close(novelty, (alone[0] + alone[1]) / 2)
    members_of(ensemble)[1].known_features = None
    with pytest.raises(InputError, match="novelty is not known"):
        UncertaintyInferer(False, novelty=True)(image, ensemble)


def test_memory(two: StainEnsemble) -> None:
    """One member at a time, whatever their number; besides, four copies of a stain in float32."""
    member = members_of(two)[0]
    assert slice_bytes(two) == slice_bytes(member) + MEAN == slice_bytes(member) + 48
    assert tile_bytes(two) == tile_bytes(member)
    assert default_tile_size(two, "cpu") == default_tile_size(member, "cpu")


def test_its_definition_names_its_members(two: StainEnsemble) -> None:
    described = decoded(encoded(two.definition))
    assert described == {
        "_target_": "scripts.networks.StainEnsemble",
        "members": 2,
        "of": members_of(two)[0].definition,
    }
    other = StainEnsemble(members=2, of=StainGenerator(TINY_CHANNELS, blocks=2)).definition
    assert difference(described, other) == "has members of which each has blocks 1, not 2"
    assert difference(described, described) is None


@pytest.mark.parametrize("members", [0, 25, True, 2.5, "two"])
def test_numbers_of_members(members: object) -> None:
    with pytest.raises(ValueError, match="members must be a whole number from 1 to 24"):
        StainEnsemble(members=members, of=StainUNet((4, 8)))  # type: ignore[arg-type]


def test_members_of_another_kind() -> None:
    with pytest.raises(ValueError, match="got a Conv2d"):
        StainEnsemble(members=2, of=torch.nn.Conv2d(1, 3, 3))  # type: ignore[arg-type]
