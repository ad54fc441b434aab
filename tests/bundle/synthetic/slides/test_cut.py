"""Tests of synthetic cuts."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.synthetic.slides.cut import CutLimits, SectionCut, rotation

STILL = CutLimits(tilt=0, turn=0, shrink=0, distortion=0, bend=0, depth=0)


def test_rotations_are_rotations() -> None:
    axes = rotation(0.3, -0.1, 0.2)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)


def test_a_turn_leads_rows_towards_columns() -> None:
    # By a quarter turn a step along the rows leads along the columns, and the height stays.
    np.testing.assert_allclose(rotation(np.pi / 2, 0, 0) @ [0, 1, 0], [0, 0, 1], atol=1e-12)


def test_a_cut_without_tilt_is_a_slice() -> None:
    cut = SectionCut.draw(np.random.default_rng(0), side=100, depth=40, limits=STILL)
    places = cut.places(np.array([-10.0, 0, 10]), np.array([-5.0, 5]))
    np.testing.assert_allclose(places[0], cut.centre[0], atol=1e-5)
    np.testing.assert_allclose(places[1][:, 0] - cut.centre[1], [-10, 0, 10], atol=1e-5)
    np.testing.assert_allclose(places[2][0] - cut.centre[2], [-5, 5], atol=1e-5)
    assert cut.guess == pytest.approx(cut.centre[0])


@pytest.mark.parametrize("seed", range(8))
def test_limits_hold(seed: int) -> None:
    limits = CutLimits()
    cut = SectionCut.draw(np.random.default_rng(seed), side=384, depth=128, limits=limits)
    axis = np.arange(-192.0, 193, 16)
    places = cut.places(axis, axis)
    assert np.abs(places[0]).max() < 64  # the block's half depth
    tilt = np.degrees(np.arccos(cut.axes[0, 0]))
    assert tilt <= np.hypot(limits.tilt, limits.tilt)
    assert abs(cut.guess - cut.centre[0]) <= limits.depth
    assert 1 - limits.shrink < 1 / np.linalg.eigvalsh(cut.stretch).max() < 1
