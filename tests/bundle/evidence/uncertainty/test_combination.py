"""The error that is expected of a pixel, from several things that are known of it."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.evidence.uncertainty.combination import OFFSET, Combination, calibration_errors, fit_combination


def test_by_hand() -> None:
    """e squared = exp(2) * (3 + 1/4) ** 2."""
    found = Combination(2.0, {"views": 2.0}).expected({"views": np.array([3.0])})
    assert found == pytest.approx([np.e * 3.25])


def test_numbers_are_found_again() -> None:
    rng = np.random.default_rng(0)
    views, novelty = rng.uniform(0, 8, 300_000), rng.uniform(0.5, 1.5, 300_000)
    squared = 20 * (views + OFFSET) ** 0.8 * (novelty + OFFSET) ** 3
    error = squared * rng.exponential(size=len(squared))  # mean 1
    found = fit_combination(error, {"views": views, "novelty": novelty})
    assert found.constant == pytest.approx(np.log(20), abs=0.05)
    assert found.weights == pytest.approx({"views": 0.8, "novelty": 3.0}, abs=0.05)


def test_without_error_to_learn_from() -> None:
    found = fit_combination(np.zeros(100), {"views": np.linspace(0, 1, 100)})
    assert np.isfinite(found.expected({"views": np.ones(3)})).all()


def test_calibration_of_errors_that_are_as_expected_and_twice_that() -> None:
    rng = np.random.default_rng(0)
    expected = rng.uniform(1, 20, 400_000)
    error = (expected * rng.standard_normal(len(expected))) ** 2
    right = calibration_errors(error, expected)
    # a step has 20,000 pixels at most: its root-mean-square is known to about 1 %, of 20 grey levels
    assert max(right.values()) < 0.4
    wrong = calibration_errors(4 * error, expected)
    assert wrong["expected"] == pytest.approx(expected.mean(), rel=0.02)
    assert wrong["maximum"] == pytest.approx(19.5, abs=0.6)  # the last of twenty steps, from 19 to 20
    assert wrong["average"] == pytest.approx(10.5, abs=0.4)
