"""What the levels of a map say."""

from __future__ import annotations

import numpy as np
import pytest

from scripts.volume.write.levels import counts_of_levels, novelty_facts, uncertainty_facts, unlike_of_slices


def slab(levels: list[int], side: int = 10) -> np.ndarray:
    return np.stack([np.full((side, side), level, np.uint8) for level in levels])


def test_counts_and_shares_of_slices() -> None:
    levels = slab([0, 128, 200])
    levels[2, :5] = 129
    counts = counts_of_levels(levels)
    assert counts[[0, 128, 129, 200]].tolist() == [100, 100, 50, 50]
    assert counts.sum() == 300
    assert unlike_of_slices(levels).tolist() == [0.0, 0.0, 1.0]


def test_uncertainty_by_hand() -> None:
    """Half 0, half 8 quarters of a grey level."""
    facts = uncertainty_facts(counts_of_levels(slab([0, 8])), 4)
    assert facts == {"views": 4, "mean": 1.0, "percentile_50": 0.0, "percentile_80": 2.0, "percentile_95": 2.0}


def test_novelty_in_words() -> None:
    levels = slab([64] * 10)
    levels[3:5] = 192  # two of ten slices
    levels[8, :1] = 255  # a tenth of another
    facts = novelty_facts(counts_of_levels(levels), unlike_of_slices(levels), "z")
    assert facts["share_above_1"] == pytest.approx(0.21)
    assert facts["slices"] == [[3, 4], [8, 8]]
    assert facts["verdict"] == "21% of the volume is unlike anything in the training: slices 3 to 4, 8 along z"
    assert facts["mean"] == pytest.approx((7.9 * 0.5 + 2 * 1.5 + 0.1 * 255 / 128) / 10, abs=1e-3)
    assert facts["percentile_50"] == 0.5


@pytest.mark.parametrize(
    ("unlike", "words"),
    [
        (0, "nothing stands out from the training"),
        (1, "nothing stands out from the training"),  # 1 % of one slice
        (10, "some slices hold places unlike anything in the training: slices 9 along y"),
    ],
)
def test_little_is_not_told(unlike: int, words: str) -> None:
    levels = slab([0] * 10)
    levels[9].flat[:unlike] = 200
    assert novelty_facts(counts_of_levels(levels), unlike_of_slices(levels), "y")["verdict"] == words


def test_everywhere_a_little_more_than_usual() -> None:
    """4 % of each slice: no slice stands out, the volume does."""
    levels = slab([0] * 5)
    levels[:, 0, :4] = 200
    verdict = novelty_facts(counts_of_levels(levels), unlike_of_slices(levels), "z")["verdict"]
    assert verdict == "4% of the volume is unlike anything in the training"
