"""Figures as people read them."""

from __future__ import annotations

import pytest

from scripts.words import aligned, beside, count, duration, listed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (89, "89 s"), (95, "2 min"), (59 * 60, "59 min"), (4800, "1 h 20 min"), (7200, "2 h")],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_scores_beside_those_of_the_table() -> None:
    table = {"psnr": 18.4, "ssim": 0.5641}
    assert beside({"psnr": 21.3, "ssim": 0.7119}, table) == "PSNR 21.30 (lookup table 18.40), SSIM 0.712 (0.564)"
    assert beside({"ssim": 0.7, "other": 1.0}, {}) == "SSIM 0.700"
    assert beside({"psnr": 21.3, "ssim": 0.7}, {"ssim": 0.5}) == "PSNR 21.30, SSIM 0.700 (lookup table 0.500)"


def test_plain_words() -> None:
    assert (count(1, "pair"), count(2, "pair"), count(12345, "weight")) == ("1 pair", "2 pairs", "12,345 weights")
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
    assert aligned({"a": "1", "long": "2"}) == "  a     1\n  long  2"
    assert aligned({}) == ""
