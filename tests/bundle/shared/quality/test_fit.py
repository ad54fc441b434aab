"""Tests of the verdict."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from bundle.shared.quality import fit as module
from bundle.shared.quality.fit import GOOD_FROM, measure, predict


@pytest.fixture(scope="module")
def ct() -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.standard_normal((240, 240)), 3)
    return np.clip(0.5 + 0.2 * noise / noise.std(), 0, 1)


def stain(ct: np.ndarray) -> np.ndarray:
    """Colours that follow the grey, not monotonously."""
    return np.stack([1 - ct, np.abs(ct - 0.5) + 0.3, 0.5 + 0.3 * ct], axis=-1)


def verdict(section: np.ndarray, ct: np.ndarray, valid: np.ndarray | None = None):
    density = -np.log10(np.clip(section.mean(axis=-1), 1e-2, 1))
    return measure(section, density, ct, np.ones(ct.shape, bool) if valid is None else valid)


def test_grey_is_predicted_from_colours(ct: np.ndarray) -> None:
    predicted = predict(stain(ct), ct, np.ones(ct.shape, bool))
    assert np.abs(predicted - ct).mean() < 0.04  # twelve bins of a twelfth each


def test_a_pair_that_fits(ct: np.ndarray) -> None:
    found = verdict(stain(ct), ct)
    assert found.verdict == "good"
    assert found.fitting > 0.95
    assert found.mask.mean() > 0.85
    assert found.shift == 0


@pytest.mark.parametrize("pixels", [6, 10])
def test_a_shift_is_seen_and_measured(ct: np.ndarray, pixels: int) -> None:
    found = verdict(np.roll(stain(ct), pixels, axis=0), ct)
    assert found.fitting < GOOD_FROM
    assert found.shift == pytest.approx(pixels, abs=2)  # it looks at every second pixel


def test_another_specimen(ct: np.ndarray) -> None:
    found = verdict(stain(np.rot90(ct)), ct)
    assert found.verdict == "reject"


def test_half_of_it_fits(ct: np.ndarray) -> None:
    section = stain(ct)
    section[120:] = stain(np.rot90(ct))[120:]
    found = verdict(section, ct)
    assert found.verdict == "usable with mask"
    assert found.mask[:100].mean() > 0.7 > 0.3 > found.mask[140:].mean()


def test_windows_are_painted_where_they_were_measured() -> None:
    """One window in the middle of 25 that is 24 averaged pixels wide and begins at the 48th."""
    windows = np.zeros((25, 25))
    windows[8, 8] = 1
    painted = module._spread(windows, (400, 400))
    rows, columns = np.nonzero(painted)
    middle = 2 * (8 * module.STRIDE + (module.WINDOW - 1) / 2) + 0.5
    assert rows.mean() == pytest.approx(middle, abs=1)
    assert columns.mean() == pytest.approx(middle, abs=1)
    assert len(set(rows)) == 2 * module.STRIDE


def test_too_little_of_it(ct: np.ndarray) -> None:
    valid = np.zeros(ct.shape, bool)
    valid[:10, :10] = True
    found = verdict(stain(ct), ct, valid)
    assert found.verdict == "reject"
    assert not found.mask.any()


def test_nothing_to_judge_by() -> None:
    flat = np.full((200, 200), 0.4) + 0.001 * np.random.default_rng(0).standard_normal((200, 200))
    found = verdict(stain(flat), flat)
    assert found.verdict == "reject"
    assert "contrast" in found.reasons[0]


def test_a_tear_is_left_out(ct: np.ndarray) -> None:
    section = stain(ct)
    section[100:112, 40:200] = 0.97
    assert verdict(section, ct).mask[102:110, 50:190].mean() < 0.2
