"""Landmarks of scans whose grey values are known by construction."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scripts.data.landmarks.find import find_landmarks
from scripts.data.padding import padding_of

SIDE = 256
AIR, RESIN, BONE, METAL = 0.0, 0.29, 1.41, 11.2  # 1/cm at 38 keV, see docs of the phantom


def scan(metal: float | None = None, radius: int = 60, seed: int = 0, noise: float = 0.08) -> NDArray[np.float64]:
    """A slice (256, 256) of trabeculae in resin, in 1/cm, with an implant as a disc in its middle."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.standard_normal((SIDE, SIDE)), 9)
    mu = np.where(np.abs(field) < 0.4 * field.std(), BONE, RESIN)
    if metal is not None:
        rows, columns = np.indices(mu.shape) - SIDE // 2
        mu = np.where(rows**2 + columns**2 < radius**2, metal, mu)
    return gaussian_filter(mu, 0.7) + noise * rng.standard_normal(mu.shape)


def landmarks(*slices: NDArray[np.generic]) -> tuple[float, float]:
    found = find_landmarks(slices, padding_of(slices)).landmarks
    assert found is not None
    return found.background, found.mineral


def test_the_landmarks_are_the_grey_values_of_resin_and_bone() -> None:
    # 3 % of the contrast: thin trabeculae are blurred, and their median lies below their middle
    assert landmarks(scan()) == pytest.approx((RESIN, BONE), abs=0.03 * (BONE - RESIN))


@pytest.mark.parametrize("metal", [1.62, 2.35, METAL])
@pytest.mark.parametrize("radius", [30, 42, 60])
def test_implants_of_half_and_twice_the_area_move_a_window_by_less_than_three_per_cent(
    metal: float, radius: int
) -> None:
    plain, implanted = landmarks(scan()), landmarks(scan(metal, radius))
    # A window is 3 contrasts wide, and its ends move up to 2.6 times as far as a landmark: 3 % is 0.034 contrasts.
    assert implanted == pytest.approx(plain, abs=0.03 * (BONE - RESIN))


def test_metal_that_saturates_the_detector_is_no_bone() -> None:
    saturated = np.clip(scan(METAL) / 3 * 65535, 0, 65535).astype(np.uint16)
    assert landmarks(saturated) == pytest.approx([RESIN / 3 * 65535, BONE / 3 * 65535], rel=0.05)
