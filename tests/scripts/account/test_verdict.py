"""Sentences on how a training went."""

from __future__ import annotations

import pytest

from scripts.account.verdict import advice, compared, still_improves

TABLE = {"psnr": 18.0, "ssim": 0.5, "lpips": 0.4}


@pytest.mark.parametrize(
    ("scores", "table", "sentence"),
    [
        ({"psnr": 19.0, "ssim": 0.6, "lpips": 0.3}, TABLE, "Better than a lookup table in all three scores."),
        ({"psnr": 19.0, "ssim": 0.6}, TABLE, "Better than a lookup table in both scores."),
        (
            {"psnr": 19.0, "ssim": 0.6, "lpips": 0.5},
            TABLE,
            "Better than a lookup table in PSNR and SSIM, no better in LPIPS: see docs/guide.md",
        ),
        ({"psnr": 17.0, "ssim": 0.5}, TABLE, "No better than a lookup table in PSNR and SSIM: see docs/guide.md"),
        ({"psnr": 19.0}, {}, ""),
    ],
)
def test_compared(scores: dict[str, float], table: dict[str, float], sentence: str) -> None:
    assert compared(scores, table).startswith(sentence)
    assert bool(compared(scores, table)) == bool(sentence)


@pytest.mark.parametrize(
    ("values", "improves"),
    [
        ([0.50, 0.55], None),  # too few
        ([0.50, 0.52, 0.54, 0.56, 0.58], True),
        ([0.58, 0.56, 0.54, 0.52, 0.50], False),
        ([0.50, 0.58, 0.49, 0.59, 0.52], False),  # scatter: slope 0.005, standard error 0.017
        ([0.5000, 0.5002, 0.5004, 0.5006, 0.5008], False),  # a rise that nobody sees
        ([0.10, 0.20, 0.30, 0.50, 0.50, 0.50, 0.50, 0.50], False),  # long ago
        ([0.5, 0.5, 0.5], False),
    ],
)
def test_still_improves(values: list[float], improves: bool | None) -> None:
    epochs = [100 + 5 * place for place in range(len(values))]
    assert still_improves(epochs, values, "ssim") is improves


def test_advice_names_more_epochs() -> None:
    more = "train on with --resume true --train#trainer#max_epochs 180."
    assert advice(True, 120, falling=False) == f"Still improving when it ended: {more}"
    assert (
        advice(True, 120, falling=True) == f"Still improving when it ended, partly since the learning rate fell: {more}"
    )
    assert advice(True, 1, falling=False).endswith("max_epochs 2.")
    assert advice(False, 120, falling=True) == "No longer improving when it ended."
    assert advice(None, 120, falling=True) == ""
