"""Tables over seeds, by hand."""

from __future__ import annotations

from typing import Any

from bundle.evidence.benchmark.table import dice_rows, rows_of


def result(recipe: str, steps: int, cpu_seconds: float | None, **metrics: float) -> dict[str, Any]:
    return {
        "cell": {"recipe": recipe, "steps": steps, "budget": f"{steps} steps"},
        "cpu_seconds": cpu_seconds,
        "metrics": metrics,
    }


def test_means_and_deviations_over_seeds() -> None:
    rows = rows_of(
        [
            result("a", 50, 60.0, ssim=0.5, psnr=20.0),
            result("b", 50, 90.0, ssim=0.7, psnr=22.0),
            result("a", 50, 120.0, ssim=0.6, psnr=21.0),
        ]
    )
    # of two numbers the standard deviation is their difference divided by the root of two
    assert rows == [
        {
            "recipe": "a",
            "budget": "50 steps",
            "steps": "50",
            "seeds": "2",
            "CPU / min": "1.5 +- 0.7",
            "PSNR / dB": "20.50 +- 0.71",
            "SSIM": "0.550 +- 0.071",
            "LPIPS": "not known",
        },
        {
            "recipe": "b",
            "budget": "50 steps",
            "steps": "50",
            "seeds": "1",
            "CPU / min": "1.5",
            "PSNR / dB": "22.00",
            "SSIM": "0.700",
            "LPIPS": "not known",
        },
    ]


def test_lengths_of_training_are_rows_of_their_own() -> None:
    rows = rows_of([result("a", 50, 1.0), result("a", 100, 2.0)])
    assert [row["steps"] for row in rows] == ["50", "100"]


def test_a_budget_of_time_is_one_row_whatever_the_steps() -> None:
    results = [result("a", steps, 1.0) for steps in (50, 100)]
    for one in results:
        one["cell"]["budget"] = "2 minutes"
    (row,) = rows_of(results)
    assert (row["budget"], row["steps"], row["seeds"]) == ("2 minutes", "50, 100", "2")


def test_dice_of_each_tissue_and_of_the_true_sections_once() -> None:
    of_stain = {"dice_new_bone": 0.5, "dice_new_bone_true": 0.9}
    rows = dice_rows([result("a", 50, 1.0, **of_stain), result("a", 50, 1.0, **of_stain | {"dice_new_bone": 0.7})])
    assert [row["stain"] for row in rows] == ["a", "true section"]
    assert [row["new bone"] for row in rows] == ["0.600 +- 0.141", "0.900"]
    assert rows[0]["metal"] == "not known"


def test_time_of_a_training_that_was_stopped_does_not_count() -> None:
    rows = rows_of([result("a", 50, None), result("a", 50, 60.0)])
    assert (rows[0]["seeds"], rows[0]["CPU / min"]) == ("2", "1.0")
