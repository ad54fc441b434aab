"""The features of a training, found in its slices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from scripts.fit import familiar as module
from scripts.fit.familiar import find_familiar
from scripts.networks import StainGenerator
from scripts.networks.familiar import Familiar
from tests.conftest import TINY_CHANNELS

BLUR = 3.0


def slices(count: int, blur: float = BLUR, side: int = 128, seed: int = 0) -> list[dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    images = [gaussian_filter(rng.normal(size=(side, side)), blur) for _ in range(count)]
    return [{"image": (0.5 + 0.1 * image / image.std())[None].astype(np.float32)} for image in images]


@pytest.fixture(scope="module")
def network() -> StainGenerator:
    torch.manual_seed(0)
    return StainGenerator(TINY_CHANNELS, blocks=2).eval()


def novelty(network: StainGenerator, familiar: Familiar, image: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        features = network.trunk(network.encode(torch.as_tensor(image)[None])[-1])
    return familiar.novelty(features)[0, 0].numpy()


def test_held_out_places_are_below_one_and_another_texture_above(network: StainGenerator) -> None:
    familiar = find_familiar(network, slices(6), slices(3, seed=1))
    assert familiar is not None
    like = np.stack([novelty(network, familiar, item["image"]) for item in slices(3, seed=1)])
    assert (like > 1).mean() == pytest.approx(0.01, abs=0.002)  # of 3 x 32 x 32 places, 1 % by definition
    other = np.stack([novelty(network, familiar, item["image"]) for item in slices(3, blur=0.7, seed=2)])
    assert (other > 1).mean() > 0.5


def test_the_same_each_time(network: StainGenerator) -> None:
    first, second = (find_familiar(network, slices(3), slices(1, seed=1)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert torch.equal(first.prototypes, second.prototypes)
    assert torch.equal(first.scale, second.scale)


def test_places_outside_the_mask_do_not_count(network: StainGenerator) -> None:
    """Whatever lies there."""
    clean, spoilt = slices(3), slices(3)
    # what a spoilt border does to the places beside it is left out, too
    mask = np.zeros((1, 128, 128), np.float32)
    mask[:, :32] = 1
    for item in spoilt:
        item["image"][:, 96:] = np.random.default_rng(5).random((32, 128))
    found = [
        find_familiar(network, [{**item, "mask": mask} for item in items], slices(1, seed=1))
        for items in (clean, spoilt)
    ]
    assert found[0] is not None
    assert found[1] is not None
    assert torch.equal(found[0].prototypes, found[1].prototypes)


def test_a_window_of_a_large_slice_has_no_cut_border(network: StainGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The features of a window's places are those of the whole slice at the same places."""
    monkeypatch.setattr(module, "SIDE", 96)
    (item,) = slices(1, side=256)
    generator = torch.Generator().manual_seed(3)
    features, use = next(module._windows(network, [item], 1, generator))
    assert features.shape[1:] == use.shape == (24, 24)  # a stride of 4
    assert 0 < use.sum() < use.numel()
    with torch.no_grad():
        whole = network.trunk(network.encode(torch.as_tensor(item["image"])[None])[-1])[0]
    places = features[:, use].T
    everywhere = whole.flatten(1).T
    nearest = torch.cdist(places, everywhere).amin(dim=1)
    torch.testing.assert_close(nearest, torch.zeros_like(nearest), rtol=0, atol=1e-3)  # cdist's rounding


def test_fewer_places_than_prototypes(network: StainGenerator) -> None:
    familiar = find_familiar(network, slices(1, side=16), [])
    assert familiar is not None
    assert torch.isfinite(familiar.prototypes).all()
    assert familiar.scale > 0


def test_nothing_to_learn_from(network: StainGenerator) -> None:
    empty = [{**item, "mask": np.zeros_like(item["image"])} for item in slices(2)]
    assert find_familiar(network, empty, slices(1)) is None
    # no held-out place that counts: the training's
    familiar = find_familiar(network, slices(2), empty)
    assert familiar is not None
    assert torch.isfinite(familiar.scale).all()
