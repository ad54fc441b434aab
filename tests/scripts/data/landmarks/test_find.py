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


@pytest.mark.parametrize("offset", [0, -32768])
@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_landmarks_follow_gain_and_offset_of_any_type(dtype: str, offset: int) -> None:
    background, mineral = landmarks(scan())
    stored = np.clip(scan() * 3000 + offset, -32768, 32767).astype(dtype)
    # At an offset of -32768 the noise of resin below 0 is cut off, hence 1 % of the contrast
    expected = (background * 3000 + offset, mineral * 3000 + offset)
    assert landmarks(stored) == pytest.approx(expected, abs=0.01 * 3000 * (BONE - RESIN))


def test_air_around_the_specimen_is_no_background() -> None:
    """In Hounsfield units of 38 keV: water attenuates 0.28 /cm."""
    mu = scan(noise=0.03)
    rows, columns = np.indices(mu.shape) - SIDE // 2
    outside = rows**2 + columns**2 > 118**2
    mu[outside] = 0.03 * np.random.default_rng(1).standard_normal(np.count_nonzero(outside))
    hounsfield = 1000 * (mu - 0.28) / 0.28
    expected = [1000 * (each - 0.28) / 0.28 for each in (RESIN, BONE)]
    assert landmarks(hounsfield) == pytest.approx(expected, abs=0.04 * (expected[1] - expected[0]))


def test_padding_and_nan_take_no_part() -> None:
    plain = landmarks(scan())
    for value in (np.nan, -1000.0):
        padded = scan()
        padded[:60] = value
        assert landmarks(padded) == pytest.approx(plain, abs=0.02 * (BONE - RESIN))


def test_a_large_slice_is_looked_at_in_parts() -> None:
    large = np.tile(scan(), (5, 5))  # 1280 pixels a side
    assert landmarks(large) == pytest.approx(landmarks(scan()), abs=0.02 * (BONE - RESIN))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.random.default_rng(0).normal(0, 1, (SIDE, SIDE)), "one mode only"),  # nothing but air
        (np.full((SIDE, SIDE), 65535, np.uint16), "nearly all its grey values are the same"),
        (np.full((SIDE, SIDE), np.nan), "too few voxels"),
        (np.zeros((9, 9)), "too few voxels"),
        (np.where(np.arange(SIDE * SIDE).reshape(SIDE, SIDE) == 5, 1.0, 0.0), "the same"),
    ],
)
def test_scans_without_landmarks_say_why(values: NDArray[np.generic], why: str) -> None:
    found = find_landmarks([values])
    assert found.landmarks is None
    assert why in found.remark


def test_soft_tissue_beside_air_is_doubted() -> None:
    """A bubble of air beside tissue that attenuates twice as much as resin, not five times, as bone does.

    It holds less than 1 % of the voxels. A larger share of air would count as background.
    """
    rows, columns = np.indices((SIDE, SIDE))
    mu = np.where(columns < SIDE // 2, RESIN, 2 * RESIN)
    mu[(rows - 100) ** 2 + (columns - 60) ** 2 < 10**2] = AIR
    noisy = gaussian_filter(mu, 0.5) + 0.01 * np.random.default_rng(0).standard_normal(mu.shape)
    found = find_landmarks([noisy])
    assert found.landmarks is not None
    assert "may be soft tissue" in found.remark
