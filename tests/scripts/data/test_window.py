"""Windows of grey values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from scripts.data.window import WindowCT, WindowCTd, check_window, percentile_window, window
from scripts.errors import InputError


def test_window_by_hand() -> None:
    values = np.array([0, 100, 150, 200, 900], np.uint16)
    expected = [0, 0, 0.5, 1, 1]
    for scaled in (window(values, 100, 200), window(torch.from_numpy(values.astype(np.int32)), 100, 200)):
        assert str(scaled.dtype).endswith("float32")
        np.testing.assert_allclose(np.asarray(scaled), expected, atol=1e-7)  # one rounding in float32


def test_array_and_tensor_round_alike() -> None:
    values = np.random.default_rng(0).normal(20000, 9000, 10000).astype(np.float32)
    np.testing.assert_array_equal(window(values, 5000, 35000), window(torch.from_numpy(values), 5000, 35000).numpy())


def test_percentile_window() -> None:
    assert percentile_window(np.arange(1001), 0.5, 99.5) == (5.0, 995.0)
    mostly_flat = np.zeros(10000, np.float32)
    mostly_flat[:10] = 7
    lo, hi = percentile_window(mostly_flat)  # both percentiles are 0: the full range instead
    assert (lo, hi) == (0.0, 7.0)
    assert np.isfinite(window(mostly_flat, lo, hi)).all()


@pytest.mark.parametrize("bad", [[1], [2, 2], [3, 2], ["a", "b"], [0, float("nan")], "01", 5, [0, 1, 2], None])
def test_bad_window(bad: object) -> None:
    with pytest.raises(InputError, match=r"scan.tif"):
        check_window(bad, "scan.tif")
    with pytest.raises(InputError):
        window(np.arange(3), 2.0, 2.0)


def test_constant_and_nan_are_named() -> None:
    with pytest.raises(InputError, match=r"scan.tif is constant"):
        percentile_window(np.full(9, 3), name="scan.tif")
    for lower, upper in ((99.5, 0.5), (-1, 99), (0, 101), (5, 5)):
        with pytest.raises(InputError, match="ct_percentiles are"):
            percentile_window(np.arange(9), lower, upper)
    with pytest.raises(InputError, match=r"scan.tif holds 1 NaN"):
        percentile_window(np.array([1, np.nan]), name="scan.tif")


def test_transforms_use_the_items_window_or_their_own_file() -> None:
    image = MetaTensor(torch.arange(1001.0).reshape(1, 7, 143), meta={"filename_or_obj": "scan.tif"})
    item = WindowCTd()({"image": image, "ct_window": [0, 2000]})
    assert item["image"].max() == 0.5
    assert item["image"].meta["filename_or_obj"] == "scan.tif"
    own = WindowCTd(lower=10, upper=90)({"image": image})["image"]  # 100 to 900
    np.testing.assert_allclose(float(own[0, 3, 71]), (500 - 100) / 800, atol=1e-6)  # rounding in float32
    np.testing.assert_array_equal(WindowCT(10, 90)(image.numpy()), own.numpy())
    with pytest.raises(InputError, match=r"scan.tif"):
        WindowCTd()({"image": image, "ct_window": [5, 5]})
