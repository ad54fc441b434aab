"""The command with results that are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from bundle.cli import main
from bundle.evidence.limits import given, training
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.synthetic.phantom.generate import make_phantom
from scripts.networks.trained_on import UNKNOWN


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("limits") / "base"
    make_phantom(out, specimens=[4, 4, 4], slices=1, size=96, volumes=0, processes=1)
    return out


def scored(recipe: str, seed: int | None, ssim: float) -> dict[str, Any]:
    images = [{"image": f"{n}", "specimen": f"S{n:02d}", "ssim": ssim + n / 100} for n in range(9, 13)]
    return {"cell": {"recipe": recipe, "seed": seed}, "metrics": {}, "images": images, "command": "train"}


def test_unseen_materials_beside_seen_ones(
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    drawn: list[Figure],
) -> None:
    asked: list[tuple[str, int, str | None]] = []

    def result_of(cell: Cell, evaluation: Evaluation, out: Path, threads: int | None) -> dict[str, Any]:
        trained_on = Path(cell.dataset_dir).name
        asked.append((trained_on, cell.seed, evaluation.dataset_dir))
        assert evaluation.split == "test"
        assert out.name == trained_on
        return scored(cell.recipe, cell.seed, 0.6 if trained_on == "base" else 0.5)

    monkeypatch.setattr(training, "result_of", result_of)
    monkeypatch.setattr(training, "lookup_table_result", lambda *args: scored("lut", None, 0.2))
    words = ["limits", "material", "lut", "default", "--dataset_dir", str(base), "--out", str(tmp_path)]
    assert main([*words, "--seeds", "0", "1", "--jobs", "2"]) == 0
    assert len(asked) == 2 * 8
    assert ("without_Ti", 1, str(base)) in asked
    assert ("base", 0, None) in asked
    content = json.loads((tmp_path / "material.json").read_text())
    points = {(p["recipe"], p["x"], p["seed"]): p["metrics"] for p in content["points"]}
    # S09 to S12 are of Mg-5Gd, Ti, PEEK and Mg-10Gd, one each
    assert points["default unseen", "Ti", 1] == {"ssim": pytest.approx(0.5 + 0.10)}
    assert points["default seen", "Mg-10Gd", 0] == {"ssim": pytest.approx(0.6 + 0.12)}
    assert points["lut seen", "PEEK", None] == {"ssim": pytest.approx(0.2 + 0.11)}
    assert "| default unseen | Ti | 0.600 +- 0.000 |" in capsys.readouterr().out
    (panel,) = drawn[0].axes
    materials = [label.get_text() for label in panel.get_xticklabels()]
    titles = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert sorted(materials) == ["Mg-10Gd", "Mg-5Gd", "PEEK", "Ti"]
    assert titles == ["default seen", "lut seen", "default unseen", "lut unseen"]
    heights = {round(float(y), 3) for line in panel.lines for y in np.asarray(line.get_ydata())}
    assert heights == {round(ssim + n / 100, 3) for ssim in (0.6, 0.5, 0.2) for n in range(9, 13)}


def test_a_recipe_is_needed(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["limits", "pairs", "lut", "--dataset_dir", str(base)]) == 1
    assert "Name a recipe" in capsys.readouterr().err


def test_weights_that_are_given_are_judged_without_training(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], drawn: list[Figure]
) -> None:
    monkeypatch.setattr("scripts.weights.caution.said_in", lambda _path: UNKNOWN)  # the file holds no weights
    weights = tmp_path / "mine.pt"
    weights.write_bytes(b"weights")
    asked: list[str] = []

    def run(command: list[str], log: Path, threads: int | None) -> None:
        words = dict(zip(command[::2], command[1::2], strict=False)) | dict(
            zip(command[1::2], command[2::2], strict=False)
        )
        assert words["--checkpoint"] == str(weights)
        asked.append(Path(words["--dataset_dir"]).name)

    def scored_in(folder: Path, evaluation: Evaluation, evaluate: Any) -> dict[str, Any]:
        evaluate()
        return scored("", None, 0.5)

    monkeypatch.setattr("bundle.evidence.limits.given.process.run", run)
    monkeypatch.setattr(given, "scored", scored_in)
    words = ["limits", "noise", "--checkpoint", str(weights), "--dataset_dir", str(base), "--out", str(tmp_path / "o")]
    assert main(words) == 0
    assert asked == ["noise_0", "noise_0.02", "noise_0.05", "noise_0.1"]
    points = json.loads((tmp_path / "o" / "noise.json").read_text())["points"]
    # four specimens of 0.5 + 9 to 12 hundredths
    assert [p["metrics"] for p in points] == [{"ssim": pytest.approx(0.605)}] * 4
    assert {p["recipe"] for p in points} == {"mine"}
    assert all(p["command"].startswith("python -m monai.bundle run evaluating") for p in points)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["material"], "is one of trainings"), (["noise", "default", "lut"], "leave out the recipes")],
)
def test_weights_that_are_given_are_not_trained(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    weights = tmp_path / "mine.pt"
    weights.write_bytes(b"weights")
    asked = ["limits", *words, "--checkpoint", str(weights), "--dataset_dir", str(base), "--out", str(tmp_path / "o")]
    assert main(asked) == 1
    assert said in capsys.readouterr().err
