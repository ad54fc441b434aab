"""Padding outside the field of view, told from tissue and from metal."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from scripts.data.padding import NO_PADDING, Padding, corners_of, dark_end, find_padding, tell_of_padding

ROWS, COLUMNS = np.mgrid[:100, :100]
OUTSIDE = np.hypot(ROWS - 49.5, COLUMNS - 49.5) > 50  # 1 - pi / 4 of the slice, with its corners
RING = ~OUTSIDE & (np.hypot(ROWS - 49.5, COLUMNS - 49.5) > 45)
CENTRE = np.hypot(ROWS - 49.5, COLUMNS - 49.5) < 15


def tissue(low: float, high: float, dtype: str) -> np.ndarray:
    """Two peaks with noise between two grey values, four slices."""
    rng = np.random.default_rng(0)
    peaks = np.where(rng.random((4, 100, 100)) < 0.6, 0.3, 0.7) + rng.normal(0, 0.08, (4, 100, 100))
    return (low + np.clip(peaks, 0.01, 0.99) * (high - low)).astype(dtype)


def found_in(voxels: np.ndarray) -> Padding:
    return find_padding(voxels, corners_of(voxels))


@pytest.mark.parametrize(
    ("low", "high", "dtype", "value"),
    [
        (40000, 50000, "uint16", 0),
        (20, 240, "uint8", 0),
        (-1000, 2000, "int16", -3024),
        (-1000, 2000, "int16", -32768),
        (-1000, 2000, "float32", -3.4028234663852886e38),
        (0.02, 0.9, "float32", 0.0),
        (3e9, 3e9 + 4000, "uint32", 0),
        (1e300, 2e300, "float64", -1e300),
        (-1000, 2000, "float32", 3.4028234663852886e38),
        (1000, 3000, "uint16", 65535),  # in the corners: no metal
        (20, 240, "uint8", 255),
    ],
)
def test_one_value_at_an_end(low: float, high: float, dtype: str, value: float) -> None:
    voxels = tissue(low, high, dtype)
    voxels[:, OUTSIDE] = value
    padding = found_in(voxels)
    ((seen, share),) = padding.shares
    assert seen == value
    assert share == pytest.approx(OUTSIDE.mean(), abs=1e-6)
    mask = padding.where(voxels)
    assert mask is not None
    np.testing.assert_array_equal(mask, np.broadcast_to(OUTSIDE, mask.shape))
    np.testing.assert_array_equal(padding.without(voxels), voxels[:, ~OUTSIDE].ravel())


@pytest.mark.parametrize(("low", "dtype"), [(2000, "uint16"), (20000, "uint16"), (20, "uint8")])
def test_one_blank_slice_of_many(low: float, dtype: str) -> None:
    """Two per cent of the voxels, which take the 0.5th percentile."""
    voxels = np.tile(tissue(low, 10 * low if low < 20000 else 2 * low, dtype), (12, 1, 1))
    expected = np.sort(voxels[1:], axis=None)
    voxels[0] = 0
    padding = found_in(voxels)
    assert padding.low == 0
    assert padding.shares == ((0.0, pytest.approx(1 / 48)),)
    np.testing.assert_array_equal(np.sort(padding.without(voxels)), expected)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_little_clipped_air_is_no_padding(dtype: str) -> None:
    """One or two per cent of the noise lie below 0: no gap follows them."""
    voxels = np.clip(tissue(-30, 200, "float32"), 0, None)
    assert 0.005 < (voxels.astype(dtype) == 0).mean() < 0.03
    assert not found_in(voxels.astype(dtype))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
def test_tissue_alone_has_none(dtype: str) -> None:
    voxels = tissue(10, 110, dtype)
    assert not found_in(voxels)
    assert found_in(voxels) == NO_PADDING
    assert NO_PADDING.where(voxels) is None
    assert NO_PADDING.without(voxels) is voxels


@pytest.mark.parametrize(("dtype", "low", "high", "top"), [("uint8", 20, 200, 255), ("uint16", 5000, 35000, 65535)])
def test_metal_beyond_the_range_is_no_padding(dtype: str, low: int, high: int, top: int) -> None:
    voxels = tissue(low, high, dtype)
    voxels[:, CENTRE] = top
    assert not found_in(voxels)
    voxels[:, :, 90:] = top  # even if it reaches one side
    assert not found_in(voxels)
    voxels[:, OUTSIDE] = 0
    padding = found_in(voxels)
    assert padding.low == 0
    assert padding.high is None
    assert (padding.without(voxels) == top).any()


def test_both_ends_and_two_values_at_one() -> None:
    voxels = tissue(-1000, 2000, "float32")
    voxels[:, OUTSIDE] = -32768
    voxels[:, RING] = -3024
    voxels[:, CENTRE] = 3.4028234663852886e38
    voxels[0, 50, 50] = np.nan
    padding = found_in(voxels)
    assert padding.low == -3024
    assert padding.high == pytest.approx(3.4028234663852886e38)
    assert sorted(value for value, _ in padding.shares)[:2] == [-32768, -3024]
    mask = padding.where(voxels)
    assert mask is not None
    expected = np.broadcast_to(OUTSIDE | RING | CENTRE, mask.shape).copy()
    expected[0, 50, 50] = False  # NaN is looked for by itself
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    ("share", "value", "is_padding"), [(0.01, -32768, True), (0.0005, -32768, False), (0.02, -1100, False)]
)
def test_a_small_share_far_apart(share: float, value: int, is_padding: bool) -> None:
    voxels = tissue(-1000, 2000, "int16")
    voxels.ravel()[: int(share * voxels.size)] = value
    assert bool(found_in(voxels)) is is_padding


def test_few_grey_values_are_no_scan() -> None:
    assert not find_padding(np.repeat([0, 1, 2, 3], 1000))
    assert not find_padding(np.full(1000, 7))
    assert not find_padding(np.array([np.nan, np.inf]))


def test_materials_without_noise_are_not_eaten_up() -> None:
    """The darkest may be taken for air that was cut off, those above it may not."""
    voxels = np.repeat(np.arange(40, 240, 10), 1000).astype(np.uint8)
    assert not find_padding(voxels)
    padding = find_padding(np.concatenate([np.zeros(9000, np.uint8), voxels]))
    assert padding.low == 0


def test_a_value_that_tissue_has_too(caplog: pytest.LogCaptureFixture) -> None:
    """0 around Hounsfield units is that of water: it is left out of samples only."""
    voxels = tissue(-1000, 2000, "int16")
    voxels[:, OUTSIDE] = 0
    padding = found_in(voxels)
    assert padding.within == 0
    assert padding.where(voxels) is None
    assert not (padding.without(voxels) == 0).any()
    tell_of_padding(padding, "scan.tif")
    assert f"scan.tif: {100 * (voxels == 0).mean():.1f} %" in caplog.text
    assert "are 0, which fills the corners" in caplog.text


def test_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        tell_of_padding(Padding(low=-3024.0, shares=((-3024.0, 0.215),)), "scan.tif")
        tell_of_padding(NO_PADDING, "other.tif")
    (line,) = caplog.messages
    assert line.startswith("scan.tif: 21.5 % of the voxels are -3024")


def test_in_a_plan() -> None:
    padding = Padding(-3024.0, None, None, ((-3024.0, 0.25),))
    assert Padding.from_json(padding.to_json()) == padding
    assert Padding.from_json({}) == NO_PADDING
    assert NO_PADDING.to_json() == {}


def test_dark_end() -> None:
    assert dark_end(Padding(low=-3024.0, shares=((-3024.0, 0.2),)), -900) == -3024
    assert dark_end(Padding(high=9e9, shares=((9e9, 0.2),)), -900) == -900
