"""Tests of damage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bundle.synthetic.slides.damage import bubble, fold, pen, tear

DENSITY = np.full((3, 200, 240), 0.2)


def test_a_fold_is_twice_as_dense() -> None:
    changed, there = fold(np.random.default_rng(1), DENSITY, 12)
    assert 0.02 < there.mean() < 0.2
    np.testing.assert_allclose(changed[:, there], 0.4)
    np.testing.assert_allclose(changed[:, ~there], 0.2)


def test_a_tear_shows_glass() -> None:
    changed, there = tear(np.random.default_rng(1), DENSITY, 12)
    assert there.any()
    assert not changed[:, there].any()
    np.testing.assert_allclose(changed[:, ~there], 0.2)


@pytest.mark.parametrize("kind", [bubble, pen])
def test_marks_change_what_they_cover(kind: Callable[..., tuple[Any, Any]]) -> None:
    changed, there = kind(np.random.default_rng(1), DENSITY, 16)
    assert 0 < there.mean() < 0.3
    far = ~there
    assert np.abs(changed - DENSITY)[:, far].mean() < 0.01 < np.abs(changed - DENSITY)[:, there].mean()
