from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scripts.errors import InputError
from scripts.inferers import TileInferer
from scripts.networks import StainGenerator, StainUNet
from scripts.weights.checkpoint import save_atomically
from scripts.weights.loading import load_generator
from tests.scripts.networks.reach import reach


def unet(channels: tuple[int, ...] = (4, 8, 8)) -> StainUNet:
    torch.manual_seed(0)
    return StainUNet(channels).eval()


@pytest.mark.parametrize("channels", [(4, 4), (4, 8, 8), (2, 4, 4, 4)])
def test_halo_covers_the_measured_receptive_field(channels: tuple[int, ...]) -> None:
    network = unet(channels)
    assert network.stride == 2 ** (len(channels) - 1)
    assert network.halo - network.stride <= reach(network) <= network.halo


@pytest.mark.parametrize("size", [(37, 50), (1, 1), (4, 8)])
def test_any_size(size: tuple[int, int]) -> None:
    stain = unet()(torch.rand(2, 1, *size))
    assert stain.shape == (2, 3, *size)
    assert stain.min() >= 0
    assert stain.max() <= 1


def test_tiles_equal_the_whole() -> None:
    network = unet().double()  # rounding of float32 depends on the size of an image
    image = torch.rand(1, 1, 75, 50, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(TileInferer(16)(image, network), network(image).float(), rtol=0, atol=1e-7)


def test_weights_and_windowing_come_back(tmp_path: Path) -> None:
    network = unet()
    network.set_windowing((0.5, 2.0), (1.0, 99.0))
    save_atomically(network.state_dict(), tmp_path / "model.pt")
    loaded = load_generator(StainUNet((4, 8, 8)), tmp_path / "model.pt")
    assert loaded.trained_window == (0.5, 2.0)
    assert loaded.percentiles == (1.0, 99.0)
    image = torch.rand(1, 1, 16, 16)
    assert torch.equal(loaded(image), network(image))


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    save_atomically(unet().state_dict(), tmp_path / "model.pt")
    with pytest.raises(InputError, match="another architecture than network_def: it is a StainUNet, not a StainGen"):
        load_generator(StainGenerator(blocks=6), tmp_path / "model.pt")


def test_one_resolution_is_too_few() -> None:
    with pytest.raises(ValueError, match="two or more"):
        StainUNet([8])
