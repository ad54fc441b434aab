"""The features that a generator knows of its training, and how far others are from them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scripts.errors import InputError
from scripts.networks import StainGenerator, StainUNet, fold_layers
from scripts.networks.familiar import ENTRY, PROTOTYPES, Familiar, packed, sizes, unpacked
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator
from tests.conftest import TINY_CHANNELS

C = TINY_CHANNELS[-1]


def known(channels: int = C) -> Familiar:
    """All prototypes point along the first axis, with a mean of 1 and twice the scale along each axis."""
    prototypes = torch.zeros(PROTOTYPES, channels)
    prototypes[:, 0] = 1
    return Familiar(torch.ones(channels), 2 * torch.eye(channels), prototypes, torch.tensor([0.5]))


def test_distance_by_hand() -> None:
    """Directions of the features less the mean: along the prototype 0, across it sqrt(2), against it 2."""
    features = torch.ones(1, C, 1, 3 * 9)
    features[0, 0, 0, :9] += 3
    features[0, 1, 0, 9:18] += 0.1  # its length does not count
    features[0, 0, 0, 18:] -= 5
    distance = known().distance(features)
    assert distance.shape == (1, 1, 1, 27)
    # in the middle of each stretch, the square of five places holds one kind only
    torch.testing.assert_close(distance[0, 0, 0, [4, 13, 22]], torch.tensor([0.0, 2.0**0.5, 2.0]))
    torch.testing.assert_close(known().novelty(features), distance / 0.5)
    # at the first border two of five places are across: 2 / 5 sqrt(2); outside there is nothing to average
    torch.testing.assert_close(distance[0, 0, 0, 8], torch.tensor(2 / 5 * 2**0.5))
    assert distance[0, 0, 0, 0] == 0


def test_bfloat16_inside_autocast_is_float32() -> None:
    features = torch.rand(1, C, 6, 6)
    with torch.autocast("cpu", torch.bfloat16):
        found = known().novelty(features.bfloat16())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, known().novelty(features.bfloat16().float()))


def test_packed_and_unpacked_and_nothing_known() -> None:
    familiar = known()
    back = unpacked(packed(familiar), C)
    assert back is not None
    for name in ("mean", "axes", "prototypes", "scale"):
        torch.testing.assert_close(getattr(back, name), getattr(familiar, name), rtol=0, atol=0)
    assert unpacked(torch.zeros(sum(sizes(C))), C) is None


def test_at_most_a_megabyte() -> None:
    assert StainGenerator().get_buffer(ENTRY).nbytes <= 1_000_000


class TestWeights:
    def test_keep_it(self, tmp_path: Path) -> None:
        network = StainGenerator(TINY_CHANNELS, blocks=1)
        assert network.known_features is None
        network.known_features = known()
        save_atomically(network.state_dict(), tmp_path / "model.pt")
        for read in (load_generator(StainGenerator(), tmp_path / "model.pt"), fold_layers(network)):
            assert torch.equal(read.get_buffer(ENTRY), packed(known()))
        network.known_features = None
        assert network.known_features is None

    def test_of_earlier_versions_know_nothing(self, tmp_path: Path) -> None:
        state = StainGenerator(TINY_CHANNELS, blocks=1).state_dict()
        del state[ENTRY]
        save_atomically(state, tmp_path / "model.pt")
        network = load_generator(StainGenerator(), tmp_path / "model.pt")
        assert not network.get_buffer(ENTRY).any()  # they are built empty, with any numbers
        assert network.known_features is None

    @pytest.mark.parametrize("wrong", [torch.zeros(7), torch.zeros(sum(sizes(16)))])
    def test_of_another_shape_are_refused(self, wrong: torch.Tensor, tmp_path: Path) -> None:
        state = StainGenerator(TINY_CHANNELS, blocks=1).state_dict()
        save_atomically({**state, ENTRY: wrong}, tmp_path / "model.pt")
        with pytest.raises(InputError, match="has in another shape familiar"):
            load_generator(StainGenerator(), tmp_path / "model.pt")

    def test_a_unet_keeps_none(self) -> None:
        assert ENTRY not in StainUNet().state_dict()

    def test_torchscript_leaves_it_out(self) -> None:
        network = StainGenerator(TINY_CHANNELS, blocks=1).eval()
        assert ENTRY not in dict(torch.jit.script(network).named_buffers())
