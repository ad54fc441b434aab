"""Pixel loss: by hand, and by scipy's convolution for the pyramid."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d

from scripts.losses import PyramidL1Loss
from scripts.losses.pixel import halve


def everywhere(images: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(images[:, :1])


def test_plain_l1_by_hand() -> None:
    pred = torch.tensor([[[[0.0, 1.0], [0.5, 0.2]]]])
    target = torch.tensor([[[[0.5, 1.0], [0.5, 1.0]]]])
    # (0.5 + 0 + 0 + 0.8) / 4
    assert PyramidL1Loss([1.0])(pred, target, everywhere(pred)).item() == pytest.approx(0.325)
    assert PyramidL1Loss([7.0])(pred, target, everywhere(pred)).item() == pytest.approx(0.325)  # a mean over levels


def test_mask_by_hand() -> None:
    pred = torch.tensor([[[[0.0, 1.0], [0.5, 0.2]]]])
    target = torch.tensor([[[[0.5, 1.0], [0.5, 1.0]]]])
    mask = torch.tensor([[[[1.0, 1.0], [1.0, 0.0]]]])
    assert PyramidL1Loss([1.0])(pred, target, mask).item() == pytest.approx(0.5 / 3)
    assert PyramidL1Loss([1.0])(pred, target, torch.zeros(1, 1, 2, 2)).item() == 0


def test_channels_and_batch_are_averaged() -> None:
    pred, target = torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
    pred[0, 0] = 0.6  # one channel of three in one image of two
    assert PyramidL1Loss([1.0])(pred, target, everywhere(pred)).item() == pytest.approx(0.1)


def test_halving_against_scipy() -> None:
    images = torch.rand(2, 3, 10, 13, dtype=torch.float64)
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    blurred = convolve1d(convolve1d(images.numpy(), kernel, axis=2, mode="nearest"), kernel, axis=3, mode="nearest")
    np.testing.assert_allclose(halve(images).numpy(), blurred[..., ::2, ::2], atol=1e-14)  # float64 rounding


def test_levels_are_a_weighted_mean() -> None:
    torch.manual_seed(0)
    pred, target = torch.rand(2, 1, 3, 16, 16)
    mask = everywhere(pred)
    fine = PyramidL1Loss([1.0])(pred, target, mask)
    coarse = (halve(pred) - halve(target)).abs().mean()
    both = PyramidL1Loss([1.0, 0.5])(pred, target, mask)
    torch.testing.assert_close(both, (fine + 0.5 * coarse) / 1.5)
    torch.testing.assert_close(PyramidL1Loss([0.0, 1.0])(pred, target, mask), coarse)


def test_pyramid_forgives_a_shift() -> None:
    torch.manual_seed(0)
    shapes, grain = torch.rand(2, 1, 3, 9, 8), torch.rand(2, 1, 3, 72, 64)
    large = torch.nn.functional.interpolate(shapes.flatten(0, 1), scale_factor=8).view_as(grain)
    tissue, other = (large + grain) / 2
    pred, target, other = tissue[:, :, :64], tissue[:, :, 1:65], other[:, :, :64]  # shifted by a pixel; something else
    mask = everywhere(target)
    share = [
        (loss(pred, target, mask) / loss(other, target, mask)).item()
        for loss in (PyramidL1Loss([1.0]), PyramidL1Loss([1.0, 0.5, 0.25]))
    ]
    assert share[1] < 0.8 * share[0]


def test_what_lies_under_the_mask_has_no_influence_on_any_level() -> None:
    torch.manual_seed(0)
    pred, target = torch.rand(2, 1, 3, 32, 32)
    mask = torch.ones(1, 1, 32, 32)
    mask[..., 10:20, 5:25] = 0
    loss = PyramidL1Loss([1.0, 0.5, 0.25])
    expected = loss(pred, target, mask)
    spoiled = torch.where(mask > 0, pred, 5.0).requires_grad_()
    result = loss(spoiled, target, mask)
    torch.testing.assert_close(result, expected)
    result.backward()
    assert spoiled.grad is not None
    assert spoiled.grad[(mask == 0).expand_as(pred)].abs().max() == 0


def test_gradient_is_that_of_finite_differences() -> None:
    torch.manual_seed(0)
    pred, target = torch.rand(2, 1, 2, 8, 8)
    mask = (torch.rand(1, 1, 8, 8) > 0.3).float()
    loss = PyramidL1Loss([1.0, 0.5])
    # The loss computes in float32: a step of 1e-3 leaves 1e-4 of rounding in the quotient (6e-8 / 1e-3).
    torch.autograd.gradcheck(
        lambda x: loss(x, target, mask).double(), pred.double().requires_grad_(), eps=1e-3, atol=1e-3, rtol=1e-2
    )


@pytest.mark.parametrize("weights", [[], [-1.0], [1.0, -0.1], [0.0, 0.0]])
def test_bad_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="non-negative with a positive sum"):
        PyramidL1Loss(weights)


def test_too_many_levels() -> None:
    images = torch.rand(1, 3, 8, 8)
    PyramidL1Loss([1.0, 1.0, 1.0])(images, images, everywhere(images))  # 8, 4, 2
    with pytest.raises(ValueError, match="4 pyramid levels are too many"):
        PyramidL1Loss([1.0, 1.0, 1.0, 1.0])(images, images, everywhere(images))
