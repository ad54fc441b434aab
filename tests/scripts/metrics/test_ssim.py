from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from scripts.errors import InputError
from scripts.metrics.ssim import RegionSSIMMetric

# scikit-image in float64 against convolutions in float32: the variances are differences of numbers near 1 with steps of
# 6e-8, and are divided by constants as small as 9e-4.
TOLERANCE = 2e-4


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:60, :75] / 10
    label = np.stack([0.5 + 0.4 * np.sin(rows + k) * np.cos(columns) for k in range(3)])
    return np.clip(label + rng.normal(0, 0.1, label.shape), 0, 1), label


def reference(pred: np.ndarray, label: np.ndarray) -> tuple[float, np.ndarray]:
    """scikit-image with the paper's window; returns the mean and the map's channel mean."""
    value, per_pixel = structural_similarity(
        pred,
        label,
        channel_axis=0,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return value, per_pixel.mean(axis=0)


def tensor(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(image)[None]


def test_equals_scikit_image(pair):
    pred, label = pair
    value = RegionSSIMMetric()(tensor(pred), tensor(label)).item()
    assert value == pytest.approx(reference(pred, label)[0], abs=TOLERANCE)
    assert 0.1 < value < 0.9  # the example is neither trivial nor hopeless


def test_region_averages_the_map(pair):
    pred, label = pair
    region = np.zeros((1, 60, 75), dtype=np.float32)
    region[0, 20:41, :30] = 1
    expected = reference(pred, label)[1][20:41, 5:30].mean()  # 5 pixels at the image's edge have no whole window
    value = RegionSSIMMetric()(tensor(pred), tensor(label), region=tensor(region)).item()
    assert value == pytest.approx(expected, abs=TOLERANCE)


def test_what_no_window_of_the_region_sees_is_ignored(pair):
    pred, label = pair
    region = torch.zeros(1, 1, 60, 75)
    region[:, :, 20:30, 20:30] = 1
    other = torch.rand(1, 3, 60, 75, dtype=torch.float64)
    other[:, :, 15:35, 15:35] = tensor(pred)[:, :, 15:35, 15:35]
    metric = RegionSSIMMetric()
    first = metric(tensor(pred), tensor(label), region=region)
    # Convolution sums may be ordered differently in each call, therefore not bit-equal.
    assert torch.allclose(metric(other, tensor(label), region=region), first, atol=1e-6)


def test_identical_images_give_one(pair):
    label = tensor(pair[1])
    assert RegionSSIMMetric()(label, label).item() == pytest.approx(1.0, abs=1e-6)


def test_region_without_a_whole_window_has_no_value(pair):
    region = torch.zeros(1, 1, 60, 75)
    region[:, :, :3] = 1
    assert math.isnan(RegionSSIMMetric()(tensor(pair[0]), tensor(pair[1]), region=region).item())


def test_too_small_image_is_the_users_mistake():
    label = torch.zeros(1, 3, 10, 40)
    with pytest.raises(InputError, match="10 x 40"):
        RegionSSIMMetric()(label, label)
