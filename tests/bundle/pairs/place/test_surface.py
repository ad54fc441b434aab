"""Tests of the scan on a surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import map_coordinates

from bundle.pairs.place.surface import on_surface
from scripts.volume.read.reader import open_volume

ONES = np.ones(3)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1000, (19, 24, 30)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(tmp_path / "scan.tif", values, photometric="minisblack")
    return tmp_path / "scan.tif"


@pytest.mark.parametrize("voxel", [ONES, np.array([2.0, 1, 1])])
def test_a_surface_is_read_slab_by_slab(path: Path, values: np.ndarray, voxel: np.ndarray) -> None:
    rows, columns = np.mgrid[:22, :28]
    index = np.stack([0.7 * rows + 0.05 * columns, rows + 0.25, columns + 0.5], axis=-1)
    with open_volume(path) as volume:
        ct, inside = on_surface(volume, voxel, torch.tensor(index * voxel, dtype=torch.float32))
    assert ct.dtype == np.float32
    assert inside.all()
    np.testing.assert_allclose(ct, map_coordinates(values, np.moveaxis(index, -1, 0), order=1), rtol=1e-3, atol=0.1)


def test_a_surface_may_leave_the_scan(path: Path, values: np.ndarray) -> None:
    places = torch.tensor([[[-3.0, 5.0, 5.0], [5.0, 5.0, 5.0], [5.0, 5.0, 31.0]]])
    with open_volume(path) as volume:
        ct, inside = on_surface(volume, ONES, places)
    assert inside.tolist() == [[False, True, False]]
    np.testing.assert_allclose(ct[0], [values[0, 5, 5], values[5, 5, 5], values[5, 5, 29]], rtol=1e-6)
