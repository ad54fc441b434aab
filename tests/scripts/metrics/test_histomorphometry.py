"""Measures of drawn sections, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scripts.metrics.histomorphometry import histomorphometry
from scripts.metrics.tissue_classes import DEGRADATION, METAL, NEW_BONE, OLD_BONE, OSTEOID, RESIN, SOFT


def section() -> np.ndarray:
    """A square implant of 20 x 20 pixels in soft tissue of 60 x 60, its left side in new bone; resin beside."""
    tissue = np.full((60, 80), SOFT)
    tissue[:, 60:] = RESIN
    tissue[20:40, 20:40] = METAL
    tissue[20:40, 10:20] = NEW_BONE
    tissue[50:60, 0:60] = OLD_BONE
    return tissue


def test_areas() -> None:
    measured = histomorphometry(section())
    tissue = 60 * 60 - 400  # resin and implant are none
    assert measured["bv_tv"] == pytest.approx(100 * 800 / tissue)
    assert measured["new_bone_fraction"] == pytest.approx(100 * 200 / 800)
    assert measured["degradation_area"] == 0


def test_contact_counts_the_surface_that_bone_is_near() -> None:
    """76 pixels of surface; 20 on the left touch bone, and of the upper and lower side those within 3 pixels of it."""
    assert histomorphometry(section(), contact=1, roughness=0)["bic"] == pytest.approx(100 * 20 / 76)
    # a pixel of the upper side k columns from the left side is k + 1 columns from the bone, whose corner is beside it
    assert histomorphometry(section(), contact=3, roughness=0)["bic"] == pytest.approx(100 * (20 + 2 * 2) / 76)


def test_degradation_layer_belongs_to_the_implant_and_has_an_area() -> None:
    tissue = section()
    tissue[20:40, 20:25] = DEGRADATION
    measured = histomorphometry(tissue, contact=1, roughness=0)
    assert measured["degradation_area"] == pytest.approx(100 * 100 / 4800)
    assert measured["bic"] == pytest.approx(100 * 20 / 76)


def test_specks_holes_and_the_edge_of_the_image_have_no_surface() -> None:
    tissue = section()
    tissue[2:8, 50:56] = METAL  # 36 pixels of 400, misjudged
    tissue[28:32, 28:32] = SOFT  # a hole
    assert histomorphometry(tissue, contact=1, roughness=0)["bic"] == pytest.approx(100 * 20 / 76)
    left_cut_off = section()[:, 20:]
    assert histomorphometry(left_cut_off, contact=1, roughness=0)["bic"] == 0


def test_a_ragged_contour_is_smoothed() -> None:
    """A disc with whiskers and cuts two pixels wide has the contact of the disc, with bone on one side."""
    rows, columns = np.mgrid[-60:60, -60:60]
    disc = np.where(rows**2 + columns**2 <= 40**2, METAL, np.where(columns < 0, NEW_BONE, SOFT))
    ragged = disc.copy()
    ragged[rows % 12 < 2] = np.where((np.abs(columns) < 55) & (np.abs(rows) < 35), METAL, disc)[rows % 12 < 2]
    ragged[58:60, 60:110] = SOFT
    expected, rough = histomorphometry(disc)["bic"], histomorphometry(ragged, roughness=0)["bic"]
    assert expected == pytest.approx(50, abs=3)  # half of it, and where the bone's edge is within reach
    assert histomorphometry(ragged)["bic"] == pytest.approx(expected, abs=3)
    assert abs(rough - expected) > 6


def test_invalid_pixels_do_not_count() -> None:
    tissue = section()
    valid = np.ones(tissue.shape, dtype=bool)
    valid[50:] = False  # the old bone
    tissue[50:] = DEGRADATION
    measured = histomorphometry(tissue, valid)
    assert measured["bv_tv"] == pytest.approx(100 * 200 / (50 * 60 - 400))
    assert measured["new_bone_fraction"] == 100
    assert measured["degradation_area"] == 0
    valid[:, :30] = False  # the left half of the implant: its cut is no surface
    assert histomorphometry(tissue, valid, contact=1, roughness=0)["bic"] == 0


def test_nothing_to_divide_by_is_nan() -> None:
    measured = histomorphometry(np.full((10, 10), RESIN))
    assert all(math.isnan(measured[name]) for name in ("bv_tv", "bic", "new_bone_fraction"))
    assert math.isnan(histomorphometry(np.full((10, 10), OSTEOID), np.zeros((10, 10), dtype=bool))["degradation_area"])
