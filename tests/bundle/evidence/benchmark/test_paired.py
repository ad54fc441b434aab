from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from bundle.evidence.benchmark.paired import by_specimen, compare, sign_flip_p, smallest_p


def result(recipe: str, seed: int | None, ssim: dict[str, float | None], budget: str = "800 steps") -> dict[str, Any]:
    """Scores by image; its specimen is the name up to the underscore."""
    images = [
        {"image": name, "specimen": name.partition("_")[0]} | ({} if value is None else {"ssim": value})
        for name, value in ssim.items()
    ]
    return {"cell": {"recipe": recipe, "seed": seed, "budget": budget}, "images": images}


RESULTS = [
    result("a", 0, {"S1_0": 0.5, "S1_1": 0.7, "S2_0": 0.43}),
    result("a", 1, {"S1_0": 0.6, "S1_1": 0.7, "S2_0": 0.6}),
    result("default", 0, {"S1_0": 0.4, "S1_1": 0.5, "S2_0": 0.6}),
    result("default", 0, {"S1_0": 0.0, "S1_1": 0.0, "S2_0": 0.0}, budget="400 steps"),
]


def test_difference_of_each_specimen_by_hand() -> None:
    # S1: (0.55 - 0.4 + 0.7 - 0.5) / 2; S2: 0.515 - 0.6
    assert by_specimen(RESULTS, "a", "default", "800 steps", "ssim") == pytest.approx({"S1": 0.175, "S2": -0.085})


def test_slices_without_the_metric_do_not_count() -> None:
    other = result("b", 0, {"S1_0": 0.5, "S1_1": None, "S3_0": 0.1})
    assert by_specimen([*RESULTS, other], "b", "default", "800 steps", "ssim") == pytest.approx({"S1": 0.1})


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 3.0], [1.0, 2.0, -0.5, 0.3], [0.1, -0.1, 0.3, 0.2, 0.4], [0.0, 0.0], [0.1, -0.1]]
)
def test_p_is_the_share_of_signs_as_far_from_zero(values: list[float]) -> None:
    means = [abs(np.mean(np.multiply(values, s))) for s in itertools.product((1, -1), repeat=len(values))]
    assert sign_flip_p(values) == pytest.approx(np.mean(np.array(means) >= abs(np.mean(values)) - 1e-12))


def test_p_by_hand() -> None:
    """The sums of 1, 2 and 3 by all signs are 6, 4, 2 and 0, those of 1, 2 and 5 are 8, 6, 4 and 2, each twice."""
    assert sign_flip_p([1.0, 2.0, 3.0]) == 0.25
    assert sign_flip_p([1.0, 2.0, -3.0]) == 1.0
    assert sign_flip_p([1.0, -2.0, 5.0]) == 0.75


def test_one_specimen_proves_nothing() -> None:
    assert sign_flip_p([0.5]) == smallest_p(1) == 1.0


def test_many_specimens_of_one_sign() -> None:
    assert sign_flip_p([0.1] * 12) == smallest_p(12) == 2 / 4096
    with pytest.raises(ValueError, match="more than 20"):
        sign_flip_p([0.1] * 21)


def test_rows_compare_equal_budgets() -> None:
    (row,) = compare(RESULTS, "default")
    assert row == {
        "recipe": "a",
        "budget": "800 steps",
        "metric": "SSIM",
        "minus default": "+0.045",
        "specimens from .. to": "-0.085 .. +0.175",
        "specimens": "2",
        "p": "1.0000",
        "smallest possible p": "0.5000",
    }
