"""Tests of the search."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, map_coordinates

from bundle.pairs.options import Ranges
from bundle.pairs.place import search as module
from bundle.pairs.place.box import Box
from bundle.pairs.place.cut import POSE, Cut, Frame
from bundle.pairs.place.search import search


@pytest.fixture(scope="module")
def scan() -> np.ndarray:
    """Blobs of several sizes, (96, 144, 144) in [0, 1]."""
    rng = np.random.default_rng(0)
    noise = sum(s * gaussian_filter(rng.standard_normal((96, 144, 144)), s) for s in (3, 6, 12))
    return np.clip(0.5 + 0.25 * noise / noise.std(), 0, 1).astype(np.float32)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    stages = ((8, 12, 25, 1000, False), (4, 4, 50, 1500, True), (2, 1, 80, 4000, True))
    monkeypatch.setattr(module, "STAGES", stages)
    monkeypatch.setattr(module, "CANDIDATES", 4096)


def test_a_tilted_cut_is_found(scan: np.ndarray, quick: None) -> None:
    """Colours are any function of the scan's grey, here one with a peak."""
    values = {"turn": 0.12, "tilt_rows": -0.08, "tilt_columns": 0.06, "depth": 9, "rows": 4, "columns": -6}
    pose = torch.tensor([float(values.get(name, 0)) for name in POSE])
    frame = Frame(torch.tensor([47.5, 71.5, 71.5]), torch.eye(3))
    bumps = torch.zeros(3, 4, 4)
    bumps[1, 1, 1], bumps[2, 2, 2] = 4, -4
    truth = Cut(frame, pose, bumps, (120, 120)).places()
    grey = map_coordinates(scan, np.moveaxis(truth.numpy(), -1, 0), order=1)
    density = torch.from_numpy(np.exp(-(((grey - 0.6) / 0.15) ** 2)).astype(np.float32))
    box = Box(torch.from_numpy(scan), torch.zeros(3), torch.ones(3), torch.tensor(scan.shape) - 0.5)
    found = search(box, density, torch.ones(120, 120), [frame], Ranges(20, 8, 12, 12))
    error = (found.cut.places() - truth).norm(dim=-1)
    assert error.median() < 1.5  # pixels; the finest stage averages two
    assert found.inside > 0.99
    assert found.cut.fold().min() > 0


def test_a_start_is_kept(scan: np.ndarray, quick: None) -> None:
    """A section three times stretched cannot be searched for, but landmarks may say so."""
    pose = torch.tensor([float(name == "stretch_rows") * 0.3 for name in POSE])
    frame = Frame(torch.tensor([40.0, 70.0, 70.0]), torch.eye(3))
    start = Cut(frame, pose, torch.zeros(3, 4, 4), (90, 120))
    grey = map_coordinates(scan, np.moveaxis(start.places().numpy(), -1, 0), order=1)
    box = Box(torch.from_numpy(scan), torch.zeros(3), torch.ones(3), torch.tensor(scan.shape) - 0.5)
    found = search(box, torch.from_numpy(grey), torch.ones(90, 120), [frame], Ranges(3, 1, 1, 3), start=start)
    assert (found.cut.places() - start.places()).norm(dim=-1).median() < 1.0
