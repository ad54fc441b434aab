"""What a scan is like, on images whose noise and blur are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from scripts.fit.describe import ScanDescription, describe_scan


def discs(blur: float, noise: float, seed: int = 0, size: int = 256) -> NDArray[np.float32]:
    """Bright discs on dark ground, blurred, with white noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    image = np.full((size, size), 0.3)
    for row, column in rng.uniform(30, size - 30, (8, 2)):
        image[np.hypot(y - row, x - column) < 24] = 0.7
    image = gaussian_filter(image, blur) + noise * rng.normal(size=image.shape)
    return np.clip(image, 0, 1).astype(np.float32)


@pytest.mark.parametrize(("blur", "noise"), [(1.0, 0.02), (1.0, 0.05), (2.0, 0.02), (2.0, 0.05), (4.0, 0.02)])
def test_blur_and_noise_are_those_of_the_image(blur: float, noise: float) -> None:
    found = describe_scan([discs(blur, noise, seed) for seed in range(3)])
    # discs are no straight edges, and curvature shifts the ratio a little
    assert found.sharpness == pytest.approx(blur, rel=0.12)
    assert found.noise == pytest.approx(noise, rel=0.06)  # over boxes of 81 pixels, of which the lower 15 % are taken


def test_added_blur_is_the_square_root_of_the_difference_of_squares() -> None:
    image = discs(0.8, 0.02)
    plain = describe_scan([image]).sharpness or 0.0
    for added in (1.0, 2.0):
        blurred = describe_scan([gaussian_filter(image, added)]).sharpness or 0.0
        assert np.sqrt(blurred**2 - plain**2) == pytest.approx(added, rel=0.1)


def test_padding_changes_nothing() -> None:
    image = discs(1.0, 0.03, size=400)
    y, x = np.mgrid[:400, :400]
    outside = np.hypot(y - 200, x - 200) > 190
    plain = describe_scan([image])
    for blank in (np.nan, 0.0):
        padded = image.copy()
        padded[outside] = blank
        found = describe_scan([padded])
        assert found.noise == pytest.approx(plain.noise, rel=0.05)
        assert found.sharpness == pytest.approx(plain.sharpness, rel=0.1)
    assert describe_scan([np.where(outside, np.nan, image).astype(np.float32)]).histogram == pytest.approx(
        1000 * np.histogram(image[~outside], 64, (0, 1))[0] / np.count_nonzero(~outside)
    )


def test_texture_is_no_noise() -> None:
    image, textured = discs(1.0, 0.03), discs(1.0, 0.03)
    rng = np.random.default_rng(1)
    textured[:, :120] += 0.15 * np.sign(rng.normal(size=(256, 120))).astype(np.float32)
    assert describe_scan([textured]).noise == pytest.approx(describe_scan([image]).noise, rel=0.1)


def test_noise_alone_has_no_edges() -> None:
    rng = np.random.default_rng(0)
    grain = np.clip(0.5 + 0.1 * rng.normal(size=(300, 300)), 0, 1).astype(np.float32)
    found = describe_scan([grain])
    assert found.sharpness is None
    assert found.noise == pytest.approx(0.1, rel=0.06)


@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_a_constant_shows_neither(value: float) -> None:
    found = describe_scan([np.full((64, 64), value, np.float32)])
    assert (found.noise, found.sharpness) == (None, None)
    assert sum(found.histogram) == pytest.approx(1000)
    assert sorted(found.histogram)[-1] == pytest.approx(1000)


def test_nothing_to_look_at() -> None:
    nothing = ScanDescription(None, None, ())
    assert describe_scan([]) == nothing
    assert describe_scan([np.full((64, 64), np.nan, np.float32)]) == nothing


def test_a_slice_too_small_for_the_filters_has_a_histogram_alone() -> None:
    found = describe_scan([np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10)])
    assert (found.noise, found.sharpness) == (None, None)
    assert len(found.histogram) == 64
