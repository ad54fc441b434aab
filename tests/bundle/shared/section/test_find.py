"""Tests of finding the section on its slide."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from bundle.shared.section.find import find_section
from bundle.shared.section.glass import WHITE, glass_of
from bundle.shared.section.light import light_of, values_of
from bundle.shared.section.pen_marks import pen_marks
from scripts.errors import InputError


def slide(density: np.ndarray, glass: tuple[float, float, float] = (0.9, 0.85, 0.8)) -> np.ndarray:
    """Linear light (H, W, 3) of optical densities (H, W) or (H, W, 3) before glass of this light."""
    dense = density[..., None] * np.array([1.3, 0.8, 0.4]) if density.ndim == 2 else density
    return (np.asarray(glass) * 10.0**-dense).astype(np.float32)


@pytest.fixture
def density() -> np.ndarray:
    field = np.zeros((120, 160))
    field[30:90, 40:120] = 0.3
    field[50:60, 60:70] = 0  # a gap within the tissue, such as marrow's fat
    return field


def test_white_is_the_glass(density: np.ndarray) -> None:
    found = find_section(slide(density), "a")
    np.testing.assert_allclose(found.image[5, 5], WHITE, atol=1e-3)
    np.testing.assert_allclose(found.glass, values_of(np.array([0.9, 0.85, 0.8])), atol=1e-3)


def test_density_by_beer_and_lambert(density: np.ndarray) -> None:
    found = find_section(slide(density), "a")
    assert found.density[40, 50] == pytest.approx(0.3 * (1.3 + 0.8 + 0.4) / 3, abs=1e-3)
    assert found.density[5, 5] == pytest.approx(0, abs=1e-3)


def test_tissue_has_no_holes(density: np.ndarray) -> None:
    tissue = find_section(slide(density), "a").tissue
    true = np.zeros(density.shape, bool)
    true[30:90, 40:120] = True
    assert tissue[true].all()
    assert not (tissue & ~binary_dilation(true, iterations=2)).any()  # smoothing widens it by up to two pixels


def test_light_over_the_slide_may_slope(density: np.ndarray) -> None:
    image = slide(density) * np.linspace(0.98, 1, 160)[None, :, None].astype(np.float32)
    tissue = find_section(image, "a").tissue
    assert not tissue[:20].any()
    assert tissue[40:80, 50:110].all()


@pytest.mark.parametrize("ink", [(1.1, 0.25, 0.95), (0.15, 1.1, 1.0)])
def test_pens(density: np.ndarray, ink: tuple[float, float, float]) -> None:
    dense = density[..., None] * np.array([1.3, 0.8, 0.4])
    dense[8:16, 20:100] += ink
    found = find_section(slide(dense), "a")
    assert found.marked[8:16, 20:100].all()
    assert not found.marked[30:].any()
    assert not found.tissue[:20].any()


def test_a_black_pen_that_somebody_has_masked(density: np.ndarray) -> None:
    """Its ink looks like metal: without the mask it is part of the section."""
    density[8:16, 20:100] = 1.2
    left_out = np.zeros(density.shape, bool)
    left_out[4:20, 16:104] = True
    assert find_section(slide(density), "a").tissue[8:16, 20:100].any()
    found = find_section(slide(density), "a", left_out)
    assert found.marked[left_out].all()
    assert not found.tissue[:20].any()
    assert found.tissue[40:80, 50:110].all()


def test_stains_and_metal_are_no_pens() -> None:
    dyes = np.array([(0.835, 0.514, 0.196), (0.64, 0.7, 0.27), (0.42, 0.48, 0.56), (1.18, 1.17, 1.15)])
    assert not pen_marks(np.repeat(np.repeat(dyes[None], 10, axis=0), 5, axis=1)).any()


def test_glass_is_what_is_brightest() -> None:
    light = np.full((50, 50, 3), 0.3)
    light[:, :10] = (0.8, 0.9, 0.7)
    np.testing.assert_allclose(glass_of(light), (0.8, 0.9, 0.7))


def test_a_field_without_glass_keeps_its_colours() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0.3, 0.5, (100, 100, 3)).astype(np.float32)
    found = find_section(light_of(values), "field.png")
    np.testing.assert_allclose(found.image, values, atol=1e-5)
    assert found.glass == pytest.approx((WHITE,) * 3, abs=1e-5)


def test_an_empty_slide() -> None:
    noise = np.random.default_rng(0).normal(0, 0.002, (100, 100, 3))
    with pytest.raises(InputError, match=r"empty.png shows no section"):
        find_section((0.95 + noise).astype(np.float32), "empty.png")


def test_dust_is_no_section() -> None:
    density = np.zeros((200, 200))
    density[::20, ::20] = 1
    with pytest.raises(InputError, match=r"dust.png shows"):
        find_section(slide(density), "dust.png")
