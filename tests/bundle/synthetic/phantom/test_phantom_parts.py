"""The phantom's parts against geometry and physics worked out by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bundle.synthetic.phantom.anatomy.canvas import Canvas, density
from bundle.synthetic.phantom.anatomy.materials import BLUE, IMPLANTS, NEW_BONE, OLD_BONE, OSTEOID, RESIN, SOFT
from bundle.synthetic.phantom.anatomy.scatter import jittered_points, near_slice, spheroid_sections
from bundle.synthetic.phantom.anatomy.screw import NoScrew, Screw, Thread
from bundle.synthetic.phantom.anatomy.specimen import Specimen
from bundle.synthetic.phantom.anatomy.waves import WaveField
from bundle.synthetic.phantom.displacement import displace
from bundle.synthetic.phantom.plan import plan_specimens, share_out, slice_heights, volume_specimens
from bundle.synthetic.phantom.section import Slide
from bundle.synthetic.phantom.tomography import Scanner, streaks

PIXEL = np.arange(96) - 47.5


def test_wave_field_has_unit_variance_and_its_exact_slope() -> None:
    field = WaveField(np.random.default_rng(0), wavelength=8)
    values, slope = field.slice_and_slope(0.0, PIXEL, PIXEL)
    np.testing.assert_array_equal(values, field.slice(0.0, PIXEL, PIXEL))
    # About (96 / 4)^2 independent patches: the variance scatters by a few per cent.
    assert values.var() == pytest.approx(1, abs=0.2)
    step = 1e-4
    differences = [
        field.slice(0.0, PIXEL + step, PIXEL) - field.slice(0.0, PIXEL - step, PIXEL),
        field.slice(0.0, PIXEL, PIXEL + step) - field.slice(0.0, PIXEL, PIXEL - step),
        field.slice(step, PIXEL, PIXEL) - field.slice(-step, PIXEL, PIXEL),
    ]
    # Central differences are exact to the order of step^2.
    np.testing.assert_allclose(slope, np.sqrt(sum(d**2 for d in differences)) / (2 * step), atol=1e-6)


def test_sections_of_a_sphere_have_the_area_of_the_cut_circle() -> None:
    for height in (0.0, 1.5):
        centre, normal, radius = np.array([[height, 10.3, 9.8]]), np.array([[1.0, 0, 0]]), np.array([3.0])
        area = spheroid_sections((21, 21), centre, normal, radius, radius, reach=6).sum()
        # Anti-aliased to half a pixel on a circumference of about 17 pixels.
        assert area == pytest.approx(np.pi * (9 - height**2), rel=0.1)


def test_scattered_points_are_sorted_and_found_by_height() -> None:
    points = jittered_points(np.random.default_rng(0), (20, 10, 10), 5.0, 0.8)
    near = points[near_slice(points, 3.0, 2.0)]
    assert len(near) == np.sum(np.abs(points[:, 0] - 3.0) <= 2.0) > 0


def test_thread_table_is_the_distance_to_the_profile() -> None:
    screw = Screw(np.random.default_rng(0), 1.0)
    # Above the middle of a crest and below the middle of a root the nearest point lies straight below and above.
    crest, root = np.interp([31.5], np.arange(64), np.arange(64))[0], 0
    outside, inside = int(np.ceil(screw.major)) + 2, int(screw.minor) - 3
    assert screw.table[int(crest), outside] == pytest.approx(outside - screw.major, abs=0.02)
    assert screw.table[root, inside] == pytest.approx(inside - screw.minor, abs=1e-9)
    # On a flank of 60 degrees against the axis the distance grows by cos(60 deg) per pixel of radius.
    flank = round((1 / 8 + 5 / 32) * 63)
    middle = round((screw.minor + screw.major) / 2)
    assert screw.table[flank, middle + 2] - screw.table[flank, middle - 2] == pytest.approx(4 * 0.5, abs=0.02)


def test_a_pin_is_a_cylinder_with_a_flat_top() -> None:
    screw = Screw(np.random.default_rng(0), 1.0, Thread(depth=0.0, size=0.5, head=False))
    assert screw.minor == screw.major < 50
    pixel = np.arange(512) - 255.5
    along, radius = screw.frame(0.0, pixel, pixel)
    distance = screw.distance(0.0, pixel, pixel)
    # Away from top and tip the distance to the surface is that of the radius; the table has steps of a pixel.
    middle = (along > screw.head_bottom + 30) & (along < screw.tip - 80) & (abs(radius - screw.major) < 20)
    np.testing.assert_allclose(distance[middle], (radius - screw.major)[middle], atol=0.01)
    assert (distance[along < screw.head_bottom - 1] > 0).all()


@pytest.mark.parametrize(("profile", "wide", "narrow"), [("flat", 0.48, 0.40), ("buttress", 0.2, 0.225)])
def test_profiles_have_their_crests_and_roots(profile: str, wide: float, narrow: float) -> None:
    screw = Screw(np.random.default_rng(0), 1.0, Thread(profile))
    inside = screw.table < 0
    # Just below the crests and just above the roots: how much of a pitch is thread, and how much is groove.
    assert np.mean(inside[:, int(screw.major) - 1]) == pytest.approx(wide, abs=0.06)
    assert np.mean(~inside[:, int(np.ceil(screw.minor)) + 1]) == pytest.approx(narrow, abs=0.06)


def test_bone_without_an_implant_has_no_trace_of_one() -> None:
    specimen = Specimen(np.random.default_rng(0), "none", 12, 96)
    assert isinstance(specimen.screw, NoScrew)
    labels = specimen.slice(0.0, PIXEL, PIXEL).labels
    assert set(np.unique(labels)) <= {RESIN, SOFT, OLD_BONE, NEW_BONE, OSTEOID}
    # No hole was drilled, and nothing grew: new bone covers at most the edge pixels of old bone.
    assert np.mean(labels == NEW_BONE) < 0.01 < np.mean(labels == OLD_BONE)


def test_half_covered_pixel_is_the_mean_of_both_materials() -> None:
    canvas = Canvas((1, 2), 1.0, 0)
    canvas.paint(np.array([[0.5, 0.4]]), 3.0, density(BLUE, 1.0), 4)
    np.testing.assert_allclose(canvas.mu, [[2.0, 1.8]])
    np.testing.assert_allclose(canvas.optical_density[:, 0, 0], np.asarray(BLUE) / 2)
    assert canvas.labels.tolist() == [[4, 0]]


def test_section_follows_beer_and_lambert() -> None:
    slide = Slide(strength=1.0, light=np.zeros(6), noise=0.0)
    stain = np.broadcast_to(density(BLUE, 0.35), (3, 8, 8))
    image = slide.photograph(np.random.default_rng(0), stain, np.linspace(-1, 1, 8), np.linspace(-1, 1, 8))
    # 246, 245, 243 times 10 ** (-0.35 * (0.835, 0.514, 0.196)), by hand.
    assert image[4, 4].tolist() == [126, 162, 207]


def test_scan_of_a_uniform_body_gives_its_counts_and_saturates() -> None:
    scanner = Scanner(1.0, 0.7, 1e-9, 0.5, (0.0, 0.0), np.zeros((2, 200)), 0.0)
    nothing = np.zeros((96, 96), bool)
    for mu, counts in ((0.0, 5000), (1.41, 19100), (IMPLANTS["Ti"].mu, 65535)):
        image = scanner.scan(np.random.default_rng(0), np.full((96, 96), mu), nothing, 0.0, PIXEL, PIXEL)
        np.testing.assert_array_equal(image, counts)


def test_an_edge_has_a_bright_and_a_dark_fringe() -> None:
    scanner = Scanner(1.0, 0.7, 1e-9, 0.5, (0.0, 0.0), np.zeros((2, 200)), 0.0)
    step = np.where(PIXEL[None, :] < 0, 0.3, 1.4) * np.ones((96, 1))
    image = scanner.scan(np.random.default_rng(0), step, np.zeros(step.shape, bool), 0.0, PIXEL, PIXEL)
    assert image[48].min() < image[48, 0]
    assert image[48].max() > image[48, -1]


def test_streaks_darken_the_line_between_two_pieces_of_metal() -> None:
    metal = np.zeros((128, 128), bool)
    metal[54:74, 20:40] = metal[54:74, 88:108] = True
    image = np.mean([streaks(np.random.default_rng(k), metal) for k in range(8)], axis=0)
    # Hardening acts on the product of both paths, which is greatest along their common line.
    assert image[60:68, 56:72].mean() < image[20:28, 56:72].mean() - 0.05


def test_displacement_points_to_where_the_pixel_comes_from() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (12, 12, 3), np.uint8)
    field = np.zeros((2, 12, 12))
    field[0], field[1] = 2, -1
    np.testing.assert_array_equal(displace(image, field)[:-2, 1:], image[2:, :-1])


def test_default_plan_spreads_materials_and_specimens() -> None:
    plans = plan_specimens(share_out(14))
    splits = {split: [p for p in plans if p.split == split] for split in ("training", "validation", "test")}
    assert [len(group) for group in splits.values()] == [9, 2, 3]
    assert {p.material for p in splits["training"]} == set(IMPLANTS)
    assert (splits["test"][0].material, splits["test"][0].weeks) == ("Mg-5Gd", 12)
    assert len({p.material for p in splits["test"]}) == 3
    assert [p.split for p in volume_specimens(plans, 2)] == ["test", "validation"]
    counts = Counter(plan.split for plan in plan_specimens([13, 4, 10]))
    assert counts == {"training": 13, "validation": 4, "test": 10}
    assert slice_heights(4, 512) == [-60, -20, 20, 60]
    assert slice_heights(1, 512) == [0]
