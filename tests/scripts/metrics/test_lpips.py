from __future__ import annotations

import pytest
import torch

from scripts.errors import InputError
from scripts.metrics import lpips_weights
from scripts.metrics.lpips import RegionLPIPSMetric
from scripts.metrics.lpips_weights import build_lpips, find_lpips_weights, read_alexnet_features
from scripts.weights.checkpoint import save_atomically
from tests.scripts.metrics.random_alexnet import random_features, save_random_features


@pytest.fixture
def metric(tmp_path) -> RegionLPIPSMetric:
    return RegionLPIPSMetric(save_random_features(tmp_path))


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cache = tmp_path / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    return cache


def images(*shape: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    label = torch.rand(shape, generator=generator)
    return (label + 0.2 * torch.randn(shape, generator=generator)).clamp(0, 1), label


def test_equals_the_lpips_package(metric):
    pred, label = images(2, 3, 65, 90)
    expected = build_lpips(random_features())(pred, label, normalize=True)  # normalize: the images are in [0, 1]
    # The same float32 operations, other orders of summation.
    assert torch.allclose(metric(pred, label), expected[:, :, 0, 0], rtol=1e-4)
    assert expected.min() > 0.01


def test_identical_images_give_zero(metric):
    _, label = images(1, 3, 64, 64)
    assert metric(label, label).item() == pytest.approx(0, abs=1e-6)


def test_region_far_from_the_difference_gives_zero(metric):
    _, label = images(1, 3, 64, 480)
    pred = label.clone()
    pred[..., :64] = 0.5
    near, far = torch.zeros(2, 1, 1, 64, 480)
    near[..., :64] = 1
    far[..., 320:] = 1  # more than half of the last layer's field of 163 pixels away
    assert metric(pred, label, region=far).item() == pytest.approx(0, abs=1e-6)
    assert metric(pred, label, region=near).item() > 2 * metric(pred, label).item()


def test_too_small_image_is_the_users_mistake(metric):
    _, label = images(1, 3, 20, 40)
    with pytest.raises(InputError, match="20 x 40"):
        metric(label, label)


def test_building_leaves_the_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    build_lpips(random_features())
    assert torch.equal(torch.rand(3), expected)


def test_cache_is_searched_for_both_names(empty_cache, monkeypatch):
    monkeypatch.setattr(lpips_weights, "TORCHVISION_SHA256", "")  # any digest, since the file here is none of theirs
    assert find_lpips_weights() is None
    whole = {**random_features(), "classifier.1.bias": torch.zeros(4096)}
    torch.save(whole, empty_cache / "alexnet-owt-7be5be79.pth")
    assert find_lpips_weights() == empty_cache / "alexnet-owt-7be5be79.pth"
    torch.save(random_features(), empty_cache / "alexnet_features.pth")
    assert find_lpips_weights("") == empty_cache / "alexnet_features.pth"
    assert read_alexnet_features(empty_cache / "alexnet-owt-7be5be79.pth").keys() == random_features().keys()


def test_without_weights_the_metric_says_how_to_get_them(empty_cache):
    _, label = images(1, 3, 64, 64)
    with pytest.raises(InputError, match="python -m bundle lpips-weights"):
        RegionLPIPSMetric()(label, label)


def test_given_file_must_exist(tmp_path):
    with pytest.raises(InputError, match=r"missing\.pth do not exist"):
        find_lpips_weights(tmp_path / "missing.pth")


@pytest.mark.parametrize("damage", ["text", "list", "shape", "incomplete", "nan", "truncated"])
def test_given_file_must_hold_alexnet(tmp_path, damage):
    path = save_random_features(tmp_path)
    features = random_features()
    if damage == "text":
        path.write_text("no weights")
    elif damage == "list":
        torch.save([1, 2], path)
    elif damage == "shape":
        torch.save({**features, "features.0.weight": torch.zeros(64, 1, 11, 11)}, path)
    elif damage == "incomplete":
        del features["features.10.bias"]
        torch.save(features, path)
    elif damage == "nan":
        features["features.6.weight"][0, 0, 0, 0] = torch.nan
        torch.save(features, path)
    else:
        path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(InputError, match=r"random_alexnet.pth"):
        find_lpips_weights(path)


def test_a_flipped_bit_is_noticed(empty_cache):
    """In what the command writes, in any file of `torch.save`, and in torchvision's, which has no checksums."""
    own, saved = empty_cache / "alexnet_features.pth", empty_cache / "saved.pth"
    save_atomically(random_features(), own)
    torch.save(random_features(), saved)
    for path in (own, saved):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
        with pytest.raises(InputError, match="is damaged"):
            read_alexnet_features(path)
    torchvision = empty_cache / "alexnet-owt-7be5be79.pth"
    torch.save(random_features(), torchvision, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match="their digest is another"):
        read_alexnet_features(torchvision)
