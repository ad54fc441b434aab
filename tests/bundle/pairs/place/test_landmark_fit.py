"""Tests of the cut that fits landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.pairs.place.cut import POSE, Cut, Frame
from bundle.pairs.place.landmark_fit import errors, fit
from bundle.pairs.place.landmarks import Landmarks
from scripts.errors import InputError

ONES = np.ones(3)
SIZE = (200, 240)
FACTOR = 5.0


@pytest.fixture
def cut() -> Cut:
    values = {"turn": 0.2, "tilt_rows": 0.1, "tilt_columns": -0.05, "depth": 3, "stretch_rows": 0.05, "shear": 0.02}
    pose = torch.tensor([float(values.get(name, 0)) for name in POSE])
    return Cut(Frame(torch.tensor([50.0, 120.0, 130.0]), torch.eye(3)), pose, torch.zeros(3, 4, 5), SIZE)


def marks_of(cut: Cut, count: int = 9, noise: float = 0.0) -> Landmarks:
    rng = np.random.default_rng(3)
    rows, columns = rng.integers(10, SIZE[0] - 10, count), rng.integers(10, SIZE[1] - 10, count)
    on_slide = FACTOR * (np.column_stack([rows, columns]) + 0.5) - 0.5
    places = cut.places().numpy()[rows, columns] + noise * rng.standard_normal((count, 3))
    return Landmarks(Path("marks.csv"), on_slide, places)


@pytest.mark.parametrize("count", [3, 5, 12])
def test_the_cut_comes_back(cut: Cut, count: int) -> None:
    found = fit(marks_of(cut, count), FACTOR, SIZE, ONES, 56)
    np.testing.assert_allclose(found.places(), cut.places(), atol=0.02)


def test_oblong_voxels(cut: Cut) -> None:
    marks = marks_of(cut)
    voxel = np.array([2.0, 1, 1])
    found = fit(Landmarks(marks.path, marks.on_slide, marks.in_volume / voxel), FACTOR, SIZE, voxel, 56)
    np.testing.assert_allclose(found.places(), cut.places(), atol=0.02)


def test_a_bend_is_followed(cut: Cut) -> None:
    bumps = torch.zeros(3, 4, 5)
    bumps[0, 1:3, 1:4] = 6
    bent = Cut(cut.frame, cut.pose, bumps, SIZE)
    marks = marks_of(bent, 40)
    flat = errors(marks, Cut(cut.frame, cut.pose, torch.zeros(3, 4, 5), SIZE), FACTOR, ONES)
    found = errors(marks, fit(marks, FACTOR, SIZE, ONES, 56), FACTOR, ONES)
    assert found.mean() < 0.5 * flat.mean()


def test_errors_by_hand(cut: Cut) -> None:
    marks = marks_of(cut)
    off = Landmarks(marks.path, marks.on_slide, marks.in_volume + np.array([3, 0, 4]))
    np.testing.assert_allclose(errors(off, cut, FACTOR, ONES), 5, atol=1e-4)


def test_two_are_swapped(cut: Cut) -> None:
    marks = marks_of(cut, 8)
    swapped = marks.in_volume.copy()
    swapped[[1, 5]] = swapped[[5, 1]]
    with pytest.raises(InputError, match=r"is it swapped with another|mixed up"):
        fit(Landmarks(marks.path, marks.on_slide, swapped), FACTOR, SIZE, ONES, 56)


def test_on_one_line(cut: Cut) -> None:
    marks = marks_of(cut, 5)
    line = np.linspace(50, 800, 5)
    with pytest.raises(InputError, match="lie on one line"):
        fit(Landmarks(marks.path, np.column_stack([line, line]), marks.in_volume), FACTOR, SIZE, ONES, 56)


def test_a_wrong_pixel_size(cut: Cut) -> None:
    with pytest.raises(InputError, match="check pixel size and voxel size"):
        fit(marks_of(cut), 2 * FACTOR, SIZE, ONES, 56)
