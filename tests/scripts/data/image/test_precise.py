"""Grey values that float32 cannot tell apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from scripts.data.image.precise import as_float, exact_float, float32_suffices
from scripts.data.image.read import read_ct
from scripts.data.load import LoadPaird
from scripts.data.window import WindowCTd, window

STEPS = np.arange(4001).reshape(1, 4001)
CASES = [
    (STEPS + 3_000_000_000).astype(np.uint32),
    (STEPS - 2_000_000_000).astype(np.int32),
    (STEPS + 3_000_000_000).astype(np.int64),
    STEPS.astype(np.float64) + 1e12,
    (STEPS.astype(np.float64) + 10) * 1e300,
    (STEPS.astype(np.float64) + 10) * 1e-300,
]


@pytest.mark.parametrize("values", CASES)
def test_windowing_keeps_differences(values: np.ndarray) -> None:
    """4001 equal steps from 0 to 1, whatever the offset or the unit."""
    lo, hi = float(values[0, 0]), float(values[0, -1])
    np.testing.assert_allclose(window(values, lo, hi), STEPS / 4000, atol=1e-6)
    if values.dtype != np.uint32:  # hardly a tensor has that type
        np.testing.assert_allclose(window(torch.from_numpy(values), lo, hi), STEPS / 4000, atol=1e-6)
    assert as_float(values, lo, hi).dtype == np.float64


def test_what_suffices() -> None:
    """Near 3e9 float32 has steps of 256, near 35000 of 1/256."""
    assert not float32_suffices(3e9, 3e9 + 4000)
    assert float32_suffices(5000, 35000)
    assert float32_suffices(-1e-9, 1e-9)
    assert not float32_suffices(0, 1e39)
    assert not float32_suffices(0, 1e-31)
    assert as_float(np.arange(9, dtype=np.float64), 0, 8).dtype == np.float32
    assert as_float(np.arange(9, dtype=np.float32), 1e9, 1e9 + 1).dtype == np.float32  # has no more digits
    assert exact_float(np.array([2**24 + 1])).dtype == np.float64
    assert exact_float(np.array([2**24])).dtype == np.float32


@pytest.mark.parametrize("values", [CASES[0], CASES[1], CASES[3], CASES[4]])
def test_slices_of_a_data_list(values: np.ndarray, tmp_path: Path) -> None:
    image = np.repeat(values, 2, axis=0)
    tifffile.imwrite(tmp_path / "ct.tif", image, photometric="minisblack")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (*image.shape, 3)).astype(np.uint8)).save(
        tmp_path / "s.png"
    )
    np.testing.assert_array_equal(read_ct(tmp_path / "ct.tif"), image)
    item = {"image": str(tmp_path / "ct.tif"), "label": str(tmp_path / "s.png")}
    item["ct_window"] = [float(values[0, 0]), float(values[0, -1])]  # type: ignore[assignment]
    windowed = WindowCTd("image")(LoadPaird()(item))["image"]
    assert windowed.dtype == torch.float32
    np.testing.assert_allclose(np.asarray(windowed)[0], np.repeat(STEPS / 4000, 2, axis=0), atol=1e-6)
