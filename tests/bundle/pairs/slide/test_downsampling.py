"""Tests of averaging down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.pairs.slide.downsampling import overlap, reduced
from bundle.pairs.slide.slide import Slide
from bundle.shared.section.light import values_of
from scripts.errors import InputError


def slide_of(*levels: np.ndarray) -> Slide:
    def read(level: int, top: int, left: int, height: int, width: int) -> np.ndarray:
        return levels[level][top : top + height, left : left + width]

    return Slide(Path("slide.png"), tuple(level.shape[:2] for level in levels), 1.0, read)


def test_weights_by_hand() -> None:
    # Five pixels in intervals of two and a half: 1, 1, half of the third; the other half, 1, 1.
    weights = overlap(5, 2, 2.5).toarray()
    np.testing.assert_allclose(weights, np.array([[0.4, 0.4, 0.2, 0, 0], [0, 0, 0.2, 0.4, 0.4]]), atol=1e-6)


def test_the_last_interval_averages_what_there_is() -> None:
    np.testing.assert_allclose(overlap(3, 2, 2).toarray(), np.array([[0.5, 0.5, 0], [0, 0, 1.0]]))


def test_light_is_averaged_not_numbers() -> None:
    board = np.indices((8, 8)).sum(axis=0) % 2 * 255
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    # Half the light of white is the value 0.7354, not 0.5.
    np.testing.assert_allclose(values_of(reduced(slide_of(image), 4)), 0.7354, atol=1e-4)


@pytest.mark.parametrize("factor", [1.0, 2.5, 3.0, 7.3])
def test_what_is_uniform_stays_so(factor: float) -> None:
    image = np.full((60, 44, 3), (10, 100, 250), np.uint8)
    result = reduced(slide_of(image), factor)
    assert result.shape == (max(1, round(60 / factor)), max(1, round(44 / factor)), 3)
    colour = np.array((10, 100, 250)) / 255
    np.testing.assert_allclose(values_of(result), np.broadcast_to(colour, result.shape), atol=1e-4)


def test_nothing_moves() -> None:
    """A ramp's pixels have the values of their middles: nothing is shifted by half a pixel."""
    light = np.linspace(0.2, 0.8, 400)
    row = np.rint(255 * values_of(light)).astype(np.uint8)
    image = np.repeat(np.repeat(row[None, :, None], 20, axis=0), 3, axis=2)
    result = reduced(slide_of(image), 5)[0, :, 0]
    middles = np.interp((np.arange(80) + 0.5) * 5 - 0.5, np.arange(400), light)
    np.testing.assert_allclose(result, middles, atol=0.004)  # a grey level of 255


def test_the_coarsest_level_that_is_fine_enough() -> None:
    levels = [np.full((2150 // k, 1075 // k, 3), 50 * k, np.uint8) for k in (1, 2, 4)]
    slide = slide_of(*levels)
    assert [slide.finer(level) for level in range(3)] == [1, 2, 4]  # 2150 / 537 is 4.004
    assert [slide.level_for(factor) for factor in (1, 1.9, 2, 3.9, 4, 5)] == [0, 0, 1, 1, 2, 2]
    assert reduced(slide, 5).shape == (430, 215, 3)
    np.testing.assert_allclose(values_of(reduced(slide, 5)), 200 / 255, atol=1e-4)


def test_strips_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    whole = reduced(slide_of(image), 3.3)
    monkeypatch.setattr("bundle.pairs.slide.downsampling.STRIP", 2000)
    np.testing.assert_array_equal(reduced(slide_of(image), 3.3), whole)


def test_colours_are_never_made_up() -> None:
    with pytest.raises(InputError, match=r"2\.00 times as large as the CT's voxels"):
        reduced(slide_of(np.zeros((9, 9, 3), np.uint8)), 0.5)
