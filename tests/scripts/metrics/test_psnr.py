from __future__ import annotations

import math

import pytest
import torch

from scripts.metrics.psnr import RegionPSNRMetric


def test_value_by_hand():
    # An error of 0.1 everywhere: MSE 0.01, 20 dB. An error of 0.01: 40 dB.
    label = torch.full((2, 3, 4, 5), 0.5)
    pred = label.clone()
    pred[0] += 0.1
    pred[1] += 0.01
    metric = RegionPSNRMetric()
    values = metric(pred, label)
    assert values.shape == (2, 1)
    assert values.flatten().tolist() == pytest.approx([20.0, 40.0], abs=1e-3)  # float32 steps near 0.5 are 6e-8
    assert metric.aggregate().item() == pytest.approx(30.0, abs=1e-3)


def test_error_in_one_channel_counts_a_third():
    label = torch.zeros(1, 3, 4, 4)
    pred = label.clone()
    pred[:, 1] = 0.3  # MSE 0.09 / 3
    assert RegionPSNRMetric()(pred, label).item() == pytest.approx(-10 * math.log10(0.03), abs=1e-4)


def test_only_the_region_counts():
    label = torch.zeros(1, 3, 6, 6)
    pred = torch.ones(1, 3, 6, 6)
    region = torch.zeros(1, 1, 6, 6)
    region[:, :, 1:3, 2:5] = 1
    pred[:, :, 1:3, 2:5] = 0.1
    assert RegionPSNRMetric()(pred, label, region=region).item() == pytest.approx(20.0, abs=1e-4)
    inner, inner_label = pred[:, :, 1:3, 2:5], label[:, :, 1:3, 2:5]
    assert torch.equal(RegionPSNRMetric()(pred, label, region=region), RegionPSNRMetric()(inner, inner_label))


def test_identical_images_get_100_db():
    label = torch.rand(1, 3, 4, 4)
    assert RegionPSNRMetric()(label, label).item() == 100.0


def test_empty_region_is_left_out_of_the_mean():
    label = torch.zeros(2, 3, 4, 4)
    region = torch.ones(2, 1, 4, 4)
    region[1] = 0
    metric = RegionPSNRMetric()
    values = metric(label + 0.1, label, region=region)
    assert math.isnan(values[1].item())
    assert metric.aggregate().item() == pytest.approx(20.0, abs=1e-4)


def test_lists_of_different_sizes_and_half_precision():
    labels = [torch.zeros(3, 4, 4), torch.zeros(3, 5, 7)]
    preds = [(label + 0.125).bfloat16() for label in labels]  # 1/8 is exact in bfloat16
    values = RegionPSNRMetric()(preds, labels)
    assert values.flatten().tolist() == pytest.approx([20 * math.log10(8)] * 2, abs=1e-4)
    assert values.dtype == torch.float32


def test_region_of_another_size_is_refused():
    label = torch.zeros(1, 3, 4, 4)
    with pytest.raises(ValueError, match="region has shape"):
        RegionPSNRMetric()(label, label, region=torch.ones(1, 1, 4, 5))
