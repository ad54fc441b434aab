"""Energy, grey scale, grid and looks of varied specimens against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bundle.synthetic.phantom.anatomy.dyes import MEASURED, PLAIN, Dyes, dyes_between
from bundle.synthetic.phantom.anatomy.materials import NEW_BONE, OLD_BONE
from bundle.synthetic.phantom.anatomy.specimen import Specimen
from bundle.synthetic.phantom.plan import Plan, plan_varied
from bundle.synthetic.phantom.varied.energy import at_energy
from bundle.synthetic.phantom.varied.grey import grey_scale, round_field
from bundle.synthetic.phantom.varied.grid import Grid
from bundle.synthetic.phantom.varied.render import render_varied_slice
from bundle.synthetic.phantom.variety import BLUR, ENERGIES_KEV, GREYS, HUE, NOISE, PIXELS_UM, Variety, draw_varieties


@pytest.mark.parametrize(("energy", "bone", "titanium"), [(34.0, 1.89, 15.8), (38.4, 1.41, 11.2), (45.0, 1.01, 7.3)])
def test_materials_have_the_coefficients_of_the_table(energy: float, bone: float, titanium: float) -> None:
    np.testing.assert_allclose(at_energy(np.array([0.0, 1.41, 11.2]), energy), [0, bone, titanium])
    # Half a pixel of bone in resin stays between both, and more attenuation never becomes less.
    mu = np.linspace(0, 14, 500)
    assert np.all(np.diff(at_energy(mu, energy)) >= 0)
    assert at_energy(np.array([22.4]), energy)[0] == pytest.approx(2 * titanium)


@pytest.mark.parametrize("pixel_um", PIXELS_UM)
def test_a_bar_has_the_same_width_in_micrometres_at_any_pixel_size(pixel_um: float) -> None:
    painted = np.zeros((128, 128))
    painted[:, 30:70] = 1.0
    grid = Grid(128, pixel_um / 5)
    assert grid.side == int(128 * 5 / pixel_um)
    found = grid.resample(painted)
    assert found.shape == (grid.side, grid.side)
    # 40 pixels of 5 um; all kernels keep the area.
    assert found[grid.side // 2].sum() * pixel_um == pytest.approx(200, abs=0.1)
    # Its middle is at pixel 49.5, that is 14 pixels of 5 um left of the field's middle.
    middle = (found[grid.side // 2] * grid.pixels).sum() / found[grid.side // 2].sum()
    assert middle * pixel_um == pytest.approx(-70, abs=0.1)
    labels = grid.nearest(painted.astype(np.uint8))
    assert labels[0].sum() * pixel_um == pytest.approx(200, abs=pixel_um)
    np.testing.assert_allclose(grid.resample(np.full((3, 128, 128), 0.7)), 0.7, rtol=1e-6)


def variety(**changes: Any) -> Variety:
    return replace(draw_varieties(0, 0, 1, 0.5)[1][0], padding="no", calibration=1.0, energy_kev=38.4, **changes)


@pytest.mark.parametrize(
    ("grey", "dtype", "expected"),
    [
        # Nothing, water, bone and titanium: 7000 counts + 5000 per 1/cm.
        ("counts", "uint16", (7000, 8400, 14050, 63000)),
        ("attenuation", "float32", (0, 0.28, 1.41, 11.2)),
        # 1000 (mu / water - 1), as far as 16 bits reach.
        ("hounsfield", "int16", (-1000, 0, 4036, 32767)),
        # From the least to the greatest value of the example, 0 and 2 per cm.
        ("export8", "uint8", (0, 36, 180, 255)),
        ("export16", "uint16", (0, 9175, 46202, 65535)),
    ],
)
def test_grey_values_of_each_scale(grey: str, dtype: str, expected: tuple[float, ...]) -> None:
    # Two values that fill more than 0.02 % each, so that a cut there leaves both.
    example = np.repeat([[0.0], [2.0]], 50, axis=1)
    scale = grey_scale(variety(grey=grey, offset=7000.0, slope=5000.0), example)
    stored = scale.store(np.array([[0.0, 0.28, 1.41, 11.2]]))
    assert stored.dtype.name == dtype
    np.testing.assert_allclose(stored[0], expected, rtol=1e-6)


def test_grey_of_old_bone_in_a_scan_is_that_of_the_table() -> None:
    for energy, bone in ((34.0, 1.89), (38.4, 1.41), (45.0, 1.01)):
        plan = Plan(
            2000,
            "V99",
            "test",
            "none",
            12,
            replace(
                variety(),
                energy_kev=energy,
                bone="cortical",
                air=False,
                grey="attenuation",
                pixel_um=7.5,
                noise=0.5,
                rings=0.3,
            ),
        )
        rendering = render_varied_slice(0, plan, 192, 60.0, 0, 0.0)
        matrix = rendering.ct[rendering.labels == OLD_BONE]
        # Lacunae and young osteons lower the mean a little; the median of what is left is the matrix.
        assert np.median(matrix) == pytest.approx(bone, rel=0.05)


def test_ranges_are_those_that_are_promised() -> None:
    _, varieties = draw_varieties(0, 0, 18, 0.5)
    noises, blurs = np.array([v.noise for v in varieties]), np.array([v.blur for v in varieties])
    for values, (low, high) in ((noises, NOISE), (blurs, BLUR)):
        assert low <= values.min() < low * 1.15
        assert high * 0.85 < values.max() <= high


def test_round_field_is_the_largest_circle() -> None:
    inside = round_field(101, 101)
    assert [inside[50, 0], inside[0, 50], inside[0, 0]] == [True, True, False]
    assert inside.mean() == pytest.approx(np.pi / 4, abs=0.01)


def test_looks_lie_between_the_plain_and_the_measured_one() -> None:
    assert dyes_between(0, 0) == PLAIN
    for name in ("old", "new", "cells", "soft"):
        np.testing.assert_allclose(getattr(dyes_between(1, 1), name), getattr(MEASURED, name))
        darker, paler = (getattr(dyes_between(amount, 0), name) for amount in (0.5, -0.5))
        np.testing.assert_allclose(np.multiply(darker, paler), np.square(getattr(PLAIN, name)))


def optical_density(dyes: Dyes) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Mean optical density of a slice's old bone, with its cells and lines, and of its new bone."""
    pixel = np.arange(192) - 95.5
    canvas = Specimen(np.random.default_rng(0), "Ti", 12, 192, dyes=dyes).slice(0.0, pixel, pixel)
    old, new = (canvas.optical_density[:, canvas.labels == label].mean(axis=1) for label in (OLD_BONE, NEW_BONE))
    return old, new


def test_measured_look_is_that_of_the_real_section() -> None:
    old, new = optical_density(MEASURED)
    # Mean optical density and direction of real toluidine blue; how many cells a slice has moves them by a few percent.
    np.testing.assert_allclose(old, (0.38, 0.34, 0.13), rtol=0.05)
    np.testing.assert_allclose(old / np.linalg.norm(old), (0.72, 0.65, 0.25), atol=0.02)
    plain, _ = optical_density(PLAIN)
    assert (old > 2 * plain).all()
    # New bone is darker and bluer: less of its absorption is in green.
    assert new[0] > 1.5 * old[0]
    assert new[1] / new[0] < 0.9 * old[1] / old[0]


def test_every_property_is_shared_out_within_a_split() -> None:
    plans = plan_varied(0, (18, 4, 8), 0.5)
    assert [plan.name for plan in plans[:2]] == ["V01", "V02"]
    for split, count in (("training", 18), ("validation", 4), ("test", 8)):
        mine = [plan for plan in plans if plan.split == split]
        varieties = [plan.variety for plan in mine if plan.variety is not None]
        assert len(varieties) == count
        assert {v.pixel_um for v in varieties} == set(PIXELS_UM)
        assert {v.energy_kev for v in varieties} == set(ENERGIES_KEV)
        if count >= 6:
            assert {v.grey for v in varieties} == set(GREYS)
            assert {plan.material for plan in mine} >= {"none", "Ti", "PEEK"}
        dyes = [v.dye for v in varieties]
        assert max(map(abs, dyes)) <= 0.5
        assert max(abs(v.hue) for v in varieties) <= 0.5 * HUE
        # Evenly on both sides of the plain look: the middle is the plain one.
        assert sum(dye < 0 for dye in dyes) == count / 2


def test_the_scan_does_not_tell_the_dye() -> None:
    varieties = [plan.variety for plan in plan_varied(0, (18, 4, 8), 0.5)[:18] if plan.variety is not None]
    for name in ("pixel_um", "energy_kev", "noise", "blur", "fringe"):
        scan, dye = ([getattr(v, key) for v in varieties] for key in (name, "dye"))
        # By chance alone it would be 0.24.
        assert abs(np.corrcoef(scan, dye)[0, 1]) < 0.2
