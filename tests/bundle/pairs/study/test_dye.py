"""Tests of comparing and evening out dyes."""

from __future__ import annotations

import numpy as np
import pytest

from bundle.pairs.study.dye import Shades, redyed, shades, strengths
from bundle.shared.section.glass import WHITE
from bundle.shared.section.light import light_of, values_of

GLASS = light_of(np.array(WHITE))
TISSUES = np.array([[0.05, 0.04, 0.03], [0.3, 0.25, 0.1], [0.5, 0.6, 0.2]])  # optical densities
GREYS = np.array([0.2, 0.5, 0.8])


def section(shares: tuple[int, int, int], strength: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A section with so many columns of each tissue, its CT and mask."""
    kinds = np.repeat([0, 1, 2], shares)[None, :].repeat(60, axis=0)
    return values_of(GLASS * 10 ** -(TISSUES[kinds] * strength)), GREYS[kinds], np.ones(kinds.shape, bool)


def measured(*drawn: tuple[np.ndarray, np.ndarray, np.ndarray]) -> dict[str, Shades]:
    return {str(number): shades(*one) for number, one in enumerate(drawn)}


def test_dye_is_told_from_tissue() -> None:
    """A section that is mostly bone is not taken for one that is dyed strongly."""
    blue = np.array([1.0, 1.1, 1.3])
    less: np.ndarray = 1 / blue
    found = strengths(measured(section((20, 20, 20), 1.0), section((4, 6, 50), blue), section((50, 6, 4), less)), "012")
    np.testing.assert_allclose(found["0"], 1, rtol=1e-6)
    np.testing.assert_allclose(found["1"], blue, rtol=1e-6)
    np.testing.assert_allclose(found["2"], less, rtol=1e-6)


def test_other_splits_are_measured_and_decide_nothing() -> None:
    drawn = [
        section((20, 20, 20), 1.0),
        section((20, 20, 20), 1.0),
        section((20, 20, 20), 1.4),
        section((9, 9, 9), 1.4),
    ]
    found = strengths(measured(*drawn), "01")
    np.testing.assert_allclose(found["0"], 1, rtol=1e-6)
    np.testing.assert_allclose(found["2"], 1.4, rtol=1e-6)


def test_metal_and_gaps_are_not_dyed() -> None:
    image, ct, _mask = section((20, 20, 20), 1.3)
    black, gap = values_of(np.full((60, 30, 3), 0.02)), np.full((60, 30, 3), WHITE)
    mixed = np.concatenate([image, black, gap], axis=1)
    greys = np.concatenate([ct, np.full((60, 30), 0.8), np.full((60, 30), 0.2)], axis=1)
    found = strengths(measured(section((20, 20, 20), 1.0), (mixed, greys, np.ones(greys.shape, bool))), "0")
    np.testing.assert_allclose(found["1"], 1.3, rtol=1e-6)


def lonely(strength: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A section of tissue that no other has, at a grey that no other has."""
    image, ct, mask = section((20, 20, 20), strength)
    return image, np.full_like(ct, 0.95), mask


def test_a_training_section_that_shares_no_grey_with_others() -> None:
    same = [section((20, 20, 20), 1.0), section((9, 20, 31), 1.0)]
    found = strengths(measured(lonely(2.0), *same, lonely(1.0)), "012")
    assert sorted(found) == ["1", "2"]


def test_sections_that_hardly_overlap() -> None:
    """Five columns of one tissue link what is dyed alike with what is dyed by half more."""
    first, last = section((5, 55, 0), 1.0), section((4, 0, 56), 1.5)
    found = strengths(measured(first, first, first, last, last), "01234")
    np.testing.assert_allclose(found["0"], 1, rtol=1e-6)
    np.testing.assert_allclose(found["4"], 1.5, rtol=1e-6)


def test_small_differences_mean_nothing() -> None:
    found = strengths(measured(section((20, 20, 20), 1.0), section((20, 20, 20), 1.09)), "0")
    np.testing.assert_array_equal(found["1"], 1)


@pytest.mark.parametrize("other", [section((20, 20, 20), 4.0), section((1, 1, 1), 1.2)])
def test_what_cannot_be_compared_is_left_alone(other: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Another stain; too few pixels."""
    assert list(strengths(measured(section((20, 20, 20), 1.0), other), "0")) == ["0"]


def test_metal_keeps_its_black() -> None:
    metal = np.full((2, 2, 3), 0.1)  # an optical density of 2
    np.testing.assert_allclose(redyed(metal, np.array([1.4, 0.9, 0.8])), metal, atol=1e-6)


def test_no_training_section() -> None:
    assert strengths(measured(section((20, 20, 20), 1.0)), "") == {}


def test_restaining_undoes_the_dye() -> None:
    strength = np.array([0.8, 1.0, 1.25])
    dyed, _, _ = section((20, 20, 20), strength)
    np.testing.assert_allclose(redyed(dyed, strength), section((20, 20, 20), 1.0)[0], atol=1e-6)
    np.testing.assert_allclose(redyed(np.full((2, 2, 3), WHITE), strength), WHITE, atol=1e-6)
