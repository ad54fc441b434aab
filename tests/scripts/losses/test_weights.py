from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from scripts.losses import LossWeights

NAMES = [field.name for field in fields(LossWeights)]


def test_names_of_the_terms() -> None:
    assert NAMES == [
        "adversarial_stain",
        "adversarial_ct",
        "cycle_ct",
        "cycle_stain",
        "pixel_stain",
        "pixel_ct",
        "grey",
        "contrast",
        "perceptual",
        "smooth",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_one_term_is_enough_and_none_may_be_negative(name: str) -> None:
    weights = dict.fromkeys(NAMES, 0.0)
    assert getattr(LossWeights(**weights | {name: 2.0}), name) == 2.0
    with pytest.raises(ValueError, match=f"loss weight {name} is -1.0"):
        LossWeights(**dict.fromkeys(NAMES, 1.0) | {name: -1.0})
    wrong: tuple[Any, ...] = ("much", None, [], True, float("nan"), 1e30)
    for weight in wrong:
        with pytest.raises(ValueError, match=f"loss weight {name} is .*, it must be a number"):
            LossWeights(**dict.fromkeys(NAMES, 1.0) | {name: weight})


def test_all_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="All loss weights are 0"):
        LossWeights(**dict.fromkeys(NAMES, 0.0))


def test_constant() -> None:
    with pytest.raises(FrozenInstanceError):
        LossWeights(**dict.fromkeys(NAMES, 1.0)).grey = 0.0  # type: ignore[misc]
