from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scripts.errors import InputError
from scripts.losses import PerceptualLoss
from scripts.metrics.lpips_weights import build_lpips
from tests.scripts.engines.tiny_trainer import tiny_trainer
from tests.scripts.metrics.random_alexnet import random_features, save_random_features


def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, 3, 64, 64, generator=generator), torch.rand(2, 3, 64, 64, generator=generator)


def test_equals_the_lpips_package_and_has_gradients(tmp_path: Path) -> None:
    pred, target = images()
    loss = PerceptualLoss(save_random_features(tmp_path))
    value = loss(pred.requires_grad_(), target, torch.ones(2, 1, 64, 64))
    expected = build_lpips(random_features())(pred.detach(), target, normalize=True).mean()
    torch.testing.assert_close(value.detach(), expected, rtol=1e-5, atol=0)
    value.backward()
    assert pred.grad is not None
    assert pred.grad.abs().max() > 0
    assert not list(loss.parameters())  # AlexNet does not learn


def test_masked_pixels_have_no_say(tmp_path: Path) -> None:
    pred, target = images()
    mask = torch.zeros(2, 1, 64, 64)
    mask[..., :32] = 1
    loss = PerceptualLoss(save_random_features(tmp_path))
    other = pred.clone()
    other[..., 32:] = 0
    assert loss(pred, target, mask) == loss(other, target, mask)
    assert loss(pred, target, torch.zeros_like(mask)) == 0


def test_bfloat16_around_it_changes_nothing(tmp_path: Path) -> None:
    pred, target = images()
    loss, mask = PerceptualLoss(save_random_features(tmp_path)), torch.ones(2, 1, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        inside = loss(pred, target, mask)
    assert inside.dtype == torch.float32
    assert inside == loss(pred, target, mask)


def test_small_patches_are_told(tmp_path: Path) -> None:
    small = torch.rand(1, 3, 24, 24)
    with pytest.raises(InputError, match="--patch_size 32"):
        PerceptualLoss(save_random_features(tmp_path))(small, small, torch.ones(1, 1, 24, 24))


def test_missing_weights_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"lpips-weights.*perceptual 0"):
        PerceptualLoss()(*images(), torch.ones(2, 1, 64, 64))
    with pytest.raises(InputError, match="lpips-weights"):  # before anything is trained
        tiny_trainer({"perceptual": 1.0}, perceptual_loss=PerceptualLoss())
