from __future__ import annotations

import numpy as np
import pytest

from bundle.evidence.uncertainty.judge import BINS, auc, calibration, fit_scale, removed_error


def test_removed_error_by_hand() -> None:
    error = np.array([1.0, 4.0, 0.0, 3.0, 2.0])
    knows = removed_error(error, error, [0, 0.2, 0.4, 1])
    assert knows == pytest.approx([0, 0.4, 0.7, 1])
    misled = removed_error(error, -error, [0.2, 0.4])
    assert misled == pytest.approx([0, 0.1])


def test_an_uncertainty_that_knows_nothing_removes_what_it_discards() -> None:
    rng = np.random.default_rng(0)
    error, uncertainty = rng.random((2, 100_000))
    assert removed_error(error, uncertainty, [0.2])[0] == pytest.approx(0.2, abs=0.005)  # three standard errors


def test_scale_of_errors_that_are_normal() -> None:
    """Deviations of 4 roots of the uncertainty and 3 grey levels."""
    rng = np.random.default_rng(0)
    uncertainty = rng.uniform(0, 10, 200_000)
    error = (rng.standard_normal(200_000) * (4 * np.sqrt(uncertainty) + 3)) ** 2
    assert fit_scale(error, uncertainty) == pytest.approx((4, 3), abs=0.1)
    expected, observed = calibration(error, uncertainty, (4.0, 3.0))
    assert len(expected) == BINS
    np.testing.assert_allclose(observed, expected, rtol=0.03)  # three standard errors of 10000 squares
    assert (np.diff(expected) > 0).all()


def test_auc_by_hand() -> None:
    assert auc([3, 4], [1, 2]) == 1
    assert auc([1, 2], [3, 4]) == 0
    assert auc([1, 3], [2, 3]) == pytest.approx((0 + 0 + 1 + 0.5) / 4)
