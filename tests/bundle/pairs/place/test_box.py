"""Tests of the part of a scan in which a section is looked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import map_coordinates

from bundle.pairs.place.box import Box, around, read_box
from bundle.pairs.place.cut import Frame
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

ONES = np.ones(3)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 1000, (19, 24, 30)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(tmp_path / "scan.tif", values, photometric="minisblack")
    return tmp_path / "scan.tif"


def test_a_box_is_what_lies_there(path: Path, values: np.ndarray) -> None:
    with open_volume(path) as volume:
        box = read_box(volume, ONES, np.array([4.0, 6, 8]), np.array([9.0, 13, 17]), 1, (0, 1000))
    np.testing.assert_allclose(box.values, values[4:10, 6:14, 8:18] / 1000, rtol=1e-5)
    assert box.first.tolist() == [4, 6, 8]


def test_averaging(path: Path, values: np.ndarray) -> None:
    with open_volume(path) as volume:
        box = read_box(volume, ONES, np.zeros(3), np.array([18.0, 23, 29]), 2, (0, 1000))
    whole = np.concatenate([values, values[-1:]])  # the last slice stands alone
    means = whole.reshape(10, 2, 12, 2, 15, 2).mean((1, 3, 5)) / 1000
    np.testing.assert_allclose(box.values, means, rtol=1e-5)
    assert box.first.tolist() == [0.5, 0.5, 0.5]
    assert box.step.tolist() == [2, 2, 2]
    thrice = box.coarser(6)  # pixels, three of its voxels
    longer = np.concatenate([means, means[-1:], means[-1:]])
    np.testing.assert_allclose(thrice.values, longer.reshape(4, 3, 4, 3, 5, 3).mean((1, 3, 5)), rtol=1e-5)
    assert thrice.first.tolist() == [2.5, 2.5, 2.5]
    _, inside = thrice.sample(torch.tensor([[18.4, 5.0, 5.0], [18.6, 5.0, 5.0]]))
    assert inside.tolist() == [1, 0]  # the far face is where it was


def test_thick_slices_are_averaged_less(path: Path) -> None:
    with open_volume(path) as volume:
        box = read_box(volume, np.array([4.0, 1, 1]), np.zeros(3), np.array([72.0, 23, 29]), 2, (0, 1000))
    assert box.step.tolist() == [4, 2, 2]
    assert box.coarser(8).step.tolist() == [8, 8, 8]


def test_sampling_is_that_of_scipy(values: np.ndarray) -> None:
    box = Box(
        torch.from_numpy(values), torch.tensor([1.0, 2, 3]), torch.tensor([2.0, 1, 1]), torch.tensor([38.0, 25.5, 32.5])
    )
    places = np.random.default_rng(1).uniform([2, 3, 4], [36, 24, 31], (50, 3))
    found, inside = box.sample(torch.tensor(places, dtype=torch.float32))
    expected = map_coordinates(values, ((places - [1, 2, 3]) / [2, 1, 1]).T, order=1)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert inside.all()


def test_outside(values: np.ndarray) -> None:
    box = Box(torch.from_numpy(values), torch.zeros(3), torch.ones(3), torch.tensor(values.shape) - 0.5)
    _, inside = box.sample(torch.tensor([[9.0, 9.0, 9.0], [-0.6, 9.0, 9.0], [9.0, 23.6, 9.0], [9.0, 9.0, 29.4]]))
    assert inside.tolist() == [1, 0, 0, 1]


def test_nothing_is_there(path: Path) -> None:
    tifffile.imwrite(path, np.full((4, 30, 30), np.nan, np.float32), photometric="minisblack")
    with open_volume(path) as volume, pytest.raises(InputError, match="NaN or infinity"):
        read_box(volume, ONES, np.zeros(3), np.array([3.0, 29, 29]), 1, (0, 1))


def test_reach() -> None:
    frame = Frame(torch.tensor([50.0, 60.0, 70.0]), torch.eye(3))
    low, high = around(frame, (40, 60), depth=5, tilt=0, shift=10)
    assert low.tolist() == [45, 30, 30]
    assert high.tolist() == [55, 90, 110]
    low, _ = around(frame, (40, 60), depth=5, tilt=np.radians(30), shift=10)
    assert low[0] == pytest.approx(45 - 0.5 * np.hypot(30, 40))
