"""Which cells a command line asks for."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from bundle.evidence.benchmark import command, report, training
from bundle.evidence.benchmark.command import add_arguments, benchmark_of
from bundle.evidence.shared import budget
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.digests import code_digest
from bundle.evidence.shared.cell.evaluation import Evaluation
from scripts.errors import InputError


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def cells(*words: str) -> list[Cell]:
    return benchmark_of(parsed(*words)).cells


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default of ``--out`` lies in the current folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def overlay(tmp_path: Path) -> str:
    path = tmp_path / "wide.yaml"
    path.write_text("batch_size: 4\n")
    return str(path)


def test_all_combinations_seed_by_seed(overlay: str) -> None:
    asked = cells("default", overlay, "--seeds", "0", "1", "--steps", "50", "100")
    assert [(cell.seed, cell.steps, cell.recipe) for cell in asked] == [
        (seed, steps, recipe) for seed in (0, 1) for steps in (50, 100) for recipe in ("default", "wide")
    ]
    assert {cell.recipe: cell.overlay for cell in asked} == {"default": None, "wide": overlay}


def test_the_lookup_table_is_no_cell(overlay: str) -> None:
    assert [cell.recipe for cell in cells("lut", overlay, "--seeds", "0")] == ["wide"]


def test_test_specimens_are_not_the_default() -> None:
    assert parsed("default").split == "validation"


def test_options_of_the_training(overlay: str) -> None:
    (cell,) = cells("default", "--seeds", "0", "--set", "batch_size=4", "stain_to_ct#factor=1")
    assert cell.options == {"batch_size": "4", "stain_to_ct#factor": "1"}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["default", "--steps", "70"], "multiples of 50"),
        (["default", "--steps", "0"], "multiples of 50"),
        (["absent.yaml"], "absent.yaml does not exist"),
        (["default", "--set", "batch_size"], "NAME=VALUE"),
        (["default", "--set", "seed=7"], "sets seed itself"),
        (["default", "--seeds", "0", "1", "0"], "twice"),
        (["default", "default"], "another recipe is named 'default'"),
        (["elsewhere/default.yaml"], "another recipe is named 'default'"),
        (["default", "elsewhere/lut.yaml"], "another recipe is named 'lut'"),
        (["lut"], "no comparison"),
        (["default", "--jobs", "0"], "--jobs 0"),
        (["default", "--minutes", "0"], "--minutes 0"),
    ],
)
def test_mistakes(words: list[str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        cells(*words)


def test_a_budget_of_time_gives_each_recipe_its_steps(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seven seconds for each training and one and a half or three a step: 195 and 97 steps, of which whole epochs."""
    timed: list[Cell] = []

    def train(cell: Cell, folder: Path, threads: int | None) -> dict[str, float]:
        timed.append(cell)
        return {"cpu_seconds": 7 + cell.steps * (1.5 if cell.recipe == "default" else 3.0)}

    def result_of(cell: Cell, evaluation: Evaluation, out: Path, threads: int | None) -> dict[str, Any]:
        code = code_digest()
        return {"cell": cell.description(), "cpu_seconds": 60.0, "metrics": {"ssim": 0.5}, "images": [], "code": code}

    monkeypatch.setattr(budget, "train", train)
    monkeypatch.setattr(training, "result_of", result_of)
    monkeypatch.setattr(report, "draw_stains", lambda *args: None)
    words = ["default", overlay, "--minutes", "5", "--jobs", "2", "--out", str(tmp_path)]
    for _ in range(2):  # the second time nothing is timed again
        assert command.run(parsed(*words)) == 0
    assert [(cell.recipe, cell.steps, cell.epochs) for cell in timed] == [
        ("default", 50, 10),
        ("default", 150, 10),
        ("wide", 50, 10),
        ("wide", 150, 10),
    ]
    Path(overlay).write_text("batch_size: 2\n")  # an edited recipe is timed again
    assert command.run(parsed(*words)) == 0
    assert [cell.recipe for cell in timed[4:]] == ["wide", "wide"]
    results = json.loads((tmp_path / "benchmark.json").read_text())["results"]
    assert {(r["cell"]["recipe"], r["cell"]["steps"], r["cell"]["budget"]) for r in results} == {
        ("default", 150, "5 minutes"),
        ("wide", 50, "5 minutes"),
    }
    assert [r["cell"]["seed"] for r in results] == [0, 0, 1, 1, 2, 2]  # in order, whichever ended first


@pytest.mark.parametrize(("seeds_of_old_code", "told"), [([], None), ([1, 2], "2 of 3 trainings ran with other code")])
def test_results_of_other_code_are_told(
    seeds_of_old_code: list[int],
    told: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def result_of(cell: Cell, evaluation: Evaluation, out: Path, threads: int | None) -> dict[str, Any]:
        code = "older" if cell.seed in seeds_of_old_code else code_digest()
        return {"cell": cell.description(), "cpu_seconds": 60.0, "metrics": {"ssim": 0.5}, "images": [], "code": code}

    monkeypatch.setattr(training, "result_of", result_of)
    monkeypatch.setattr(report, "draw_stains", lambda *args: None)
    assert command.run(parsed("default", "--out", str(tmp_path))) == 0
    printed = capsys.readouterr().out
    assert ("other code" in printed) is (told is not None)
    assert told is None or told in printed
    assert (tmp_path / "benchmark.json").is_file()


def test_everything_is_compared_with_the_default(
    overlay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def scored(recipe: str, budget: str, seed: int | None, ssim: float) -> dict[str, Any]:
        images = [{"image": "0", "specimen": "S1", "ssim": ssim}, {"image": "1", "specimen": "S2", "ssim": ssim}]
        return {
            "cell": {"recipe": recipe, "steps": 50, "budget": budget, "seed": seed},
            "cpu_seconds": 60.0,
            "metrics": {"ssim": ssim} | ({"psnr": 20.0} if recipe == "wide" else {}),
            "images": images,
            "code": code_digest(),
        }

    ssim = {"default": 0.5, "wide": 0.6}
    monkeypatch.setattr(
        training, "result_of", lambda cell, *args: scored(cell.recipe, cell.budget, cell.seed, ssim[cell.recipe])
    )
    monkeypatch.setattr(training, "lookup_table_result", lambda data, budget, *args: scored("lut", budget, None, 0.2))
    drawn: list[Any] = []
    monkeypatch.setattr(report, "draw_stains", lambda *args: drawn.append(args))
    words = ["lut", "default", overlay, "--seeds", "4", "5", "--steps", "50", "100", "--out", str(tmp_path)]
    assert command.run(parsed(*words)) == 0
    written = json.loads((tmp_path / "benchmark.json").read_text())
    assert [(r["recipe"], r["budget"], r["minus default"], r["p"]) for r in written["comparison"]] == [
        ("lut", "50 steps", "-0.300", "0.5000"),
        ("lut", "100 steps", "-0.300", "0.5000"),
        ("wide", "50 steps", "+0.100", "0.5000"),
        ("wide", "100 steps", "+0.100", "0.5000"),
    ]
    assert len(written["results"]) == 2 + 2 * 2 * 2
    printed = capsys.readouterr().out
    assert "| wide | 100 steps | SSIM | +0.100 |" in printed
    assert "6 of 10 results lack a metric" in printed
    assert "other code" not in printed
    ((_path, cells_drawn, with_table, evaluation, _out),) = drawn
    assert [(cell.recipe, cell.seed, cell.steps) for cell in cells_drawn] == [("default", 4, 100), ("wide", 4, 100)]
    assert with_table
    assert evaluation.split == "validation"
    assert (tmp_path / "scores.png").is_file()
