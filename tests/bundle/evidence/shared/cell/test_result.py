"""Cells of a benchmark with runs that are made up."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
import torch

from bundle.evidence.shared.cell import digests, evaluation, process, training
from bundle.evidence.shared.cell.cell import Cell
from bundle.evidence.shared.cell.digests import code_digest
from bundle.evidence.shared.cell.evaluation import Evaluation
from bundle.evidence.shared.cell.result import result_of
from bundle.shared.places import EVALUATE, TRAIN
from scripts.errors import InputError
from scripts.handlers import TrainingCheckpoint
from tests.scripts.engines.tiny_trainer import tiny_trainer

VALIDATION = Evaluation("validation")


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    overlay = tmp_path / "wide.yaml"
    overlay.write_text("+network_def: {channels: [4, 8]}\nloss_weights#grey: 0.0\n")
    return Cell("wide", str(overlay), 3, 100, "/data", {"batch_size": "4", "network_def#blocks": "2"})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Runs that write a summary and nothing else, and their words."""
    words_of: list[list[str]] = []

    def run(words: list[str], log: Path, threads: int | None) -> float:
        words_of.append(words)
        folder = Path(words[words.index("--output_dir") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        if "evaluating" in words:
            (folder / "metrics_summary.csv").write_text("metric,mean,std\nssim,0.5,0.1\n")
            (folder / "metrics_per_image.csv").write_text("image,specimen,ssim,lpips\nS1_0.tif,S1,0.5,\n")
        return 1.5

    monkeypatch.setattr(process, "run", run)
    return words_of


def kind(words: list[str]) -> str:
    """The workflow that a command runs."""
    return words[words.index("run") + 1]


def option(words: list[str], name: str) -> str | None:
    return words[words.index(f"--{name}") + 1] if f"--{name}" in words else None


def stopped(cell: Cell, out: Path, steps: int) -> None:
    training = cell.folder(out) / "training"
    training.mkdir(parents=True)
    torch.save({"trainer": {"iteration": steps, "epoch_length": 50}}, training / "checkpoint.pt")


def test_commands(cell: Cell, tmp_path: Path) -> None:
    train, evaluate = cell.training(tmp_path), cell.evaluating(tmp_path, VALIDATION)
    assert option(train, "seed") == "3"
    assert option(train, "batch_size") == "4"
    assert option(train, "train#trainer#max_epochs") == "2"
    assert option(train, "config_file") == str([str(TRAIN), cell.overlay])
    assert option(evaluate, "split") == "validation"
    assert option(evaluate, "batch_size") is None
    assert option(evaluate, "checkpoint") == str(tmp_path / "training" / "model.pt")
    assert option(train, "network_def#blocks") == "2"
    assert option(evaluate, "network_def#blocks") is None  # the weights say it
    assert option(evaluate, "config_file") == str(EVALUATE)


def test_without_an_overlay_there_is_one_file(cell: Cell, tmp_path: Path) -> None:
    default = dataclasses.replace(cell, overlay=None)
    assert option(default.training(tmp_path), "config_file") == str(TRAIN)


def test_result_is_kept_and_not_made_again(cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    first = result_of(cell, VALIDATION, tmp_path)
    assert first["metrics"] == {"ssim": 0.5}
    assert first["split"] == "validation"
    assert first["seconds"] >= 0
    assert first["cpu_seconds"] == 1.5
    assert first["cell"]["budget"] == "100 steps"
    assert "run training" in first["command"]
    assert first["cell"]["recipe"] == "wide"
    assert first["images"] == [{"image": "S1_0.tif", "specimen": "S1", "ssim": 0.5}]  # which has no LPIPS
    assert result_of(cell, VALIDATION, tmp_path) == first
    assert len(ran) == 2


def test_the_code_that_trained_is_noted(
    cell: Cell, tmp_path: Path, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = result_of(cell, VALIDATION, tmp_path)["code"]
    assert code == code_digest()
    monkeypatch.setattr(training, "code_digest", lambda: "edited")
    assert result_of(cell, VALIDATION, tmp_path)["code"] == code  # kept, as the training is


def test_edited_code_has_other_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = tmp_path / "scripts"
    for name in ("metrics/psnr.py", "handlers/metrics.py", "handlers/tissue.py", "losses/pixel.py"):
        (scripts / name).parent.mkdir(parents=True, exist_ok=True)
        (scripts / name).write_text("1")
    monkeypatch.setattr(digests, "ROOT", tmp_path)
    code, measures = digests.code_digest(), digests.measures_digest()
    (scripts / "losses" / "pixel.py").write_text("2")
    assert digests.code_digest() != code
    assert digests.measures_digest() == measures
    for name in ("metrics/psnr.py", "handlers/metrics.py", "handlers/tissue.py"):
        (scripts / name).write_text("2")
        assert digests.measures_digest() != measures
        measures = digests.measures_digest()


def test_another_split_is_evaluated_without_another_training(cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    result_of(cell, VALIDATION, tmp_path)
    assert result_of(cell, Evaluation("test"), tmp_path)["split"] == "test"
    assert [kind(words) for words in ran] == ["training", "evaluating", "evaluating"]
    assert option(ran[-1], "split") == "test"


def test_other_data_and_another_classifier_are_evaluated_on_without_another_training(
    cell: Cell, tmp_path: Path, ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = tmp_path / "tissue.pt"
    classifier.write_bytes(b"one")
    data = tmp_path / "aligned"
    data.mkdir()
    aligned = Evaluation("validation", str(data), str(classifier))
    result_of(cell, VALIDATION, tmp_path)
    result_of(cell, aligned, tmp_path)
    assert option(ran[-1], "dataset_dir") == str(data)
    assert option(ran[-1], "tissue_classifier") == str(classifier)
    assert result_of(cell, VALIDATION, tmp_path)["split"] == "validation"
    assert len(ran) == 3
    assert option(ran[0], "dataset_dir") == option(ran[1], "dataset_dir") == "/data"
    result_of(cell, aligned, tmp_path)
    assert len(ran) == 3
    classifier.write_bytes(b"other")
    result_of(cell, aligned, tmp_path)
    (data / "datalist.json").write_text("{}")
    result_of(cell, aligned, tmp_path)
    monkeypatch.setattr(evaluation, "measures_digest", lambda: "edited")
    result_of(cell, aligned, tmp_path)
    assert [kind(words) for words in ran] == ["training"] + ["evaluating"] * 5


def test_threads_and_time_of_a_real_process(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-c",
        "import os, time; print(os.environ['OMP_NUM_THREADS']); end = time.process_time() + 0.3\n",
    ]
    words[2] += "while time.process_time() < end: pass"
    seconds = process.run(words, tmp_path / "log", threads=3)
    assert (tmp_path / "log").read_text() == "3\n"
    assert 0.3 <= seconds < 5  # with the interpreter's start


def test_stopped_training_goes_on_and_its_time_is_not_known(cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    stopped(cell, tmp_path, steps=50)
    result = result_of(cell, VALIDATION, tmp_path)
    assert option(ran[0], "resume") == "true"
    assert "resume" not in result["command"]
    assert result["seconds"] is None
    assert result["cpu_seconds"] is None


def test_finished_training_whose_benchmark_was_killed_is_evaluated(
    cell: Cell, tmp_path: Path, ran: list[list[str]]
) -> None:
    stopped(cell, tmp_path, steps=100)
    assert result_of(cell, VALIDATION, tmp_path)["seconds"] is None
    assert [kind(words) for words in ran] == ["evaluating"]


@pytest.mark.parametrize("when", ["done", "begun"])
def test_another_cell_is_refused(when: str, cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    result_of(cell, VALIDATION, tmp_path)
    if when == "begun":
        (cell.folder(tmp_path) / "training.json").unlink()
    with pytest.raises(InputError, match="holds another cell"):
        result_of(dataclasses.replace(cell, options={}), VALIDATION, tmp_path)


def test_other_data_at_the_same_place_are_another_cell(cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    data = tmp_path / "data"
    data.mkdir()
    on_data = dataclasses.replace(cell, dataset_dir=str(data))
    (data / "datalist.json").write_text("{}")
    result_of(on_data, VALIDATION, tmp_path)
    (data / "datalist.json").write_text('{"training": []}')
    with pytest.raises(InputError, match="data were changed"):
        result_of(on_data, VALIDATION, tmp_path)


def test_edited_recipe_is_another_cell(cell: Cell, tmp_path: Path, ran: list[list[str]]) -> None:
    result_of(cell, VALIDATION, tmp_path)
    assert cell.overlay is not None
    Path(cell.overlay).write_text("batch_size: 16\n")
    with pytest.raises(InputError, match="were changed since"):
        result_of(cell, VALIDATION, tmp_path)


def test_an_edited_comment_changes_nothing(cell: Cell) -> None:
    assert cell.overlay is not None
    before = cell.identity()
    overlay = Path(cell.overlay)
    overlay.write_text("# what is new here\n" + overlay.read_text() + "\n")
    assert cell.identity() == before


def test_a_run_that_fails_names_its_log(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that says what is absent, and ends as a training does that finds no data."""
    words = [sys.executable, "-c", "raise SystemExit('error: absent')"]
    monkeypatch.setattr(Cell, "training", lambda *_, **__: words)
    with pytest.raises(InputError, match=r"status 1.*training\.log"):
        result_of(cell, VALIDATION, tmp_path)
    assert "absent" in (cell.folder(tmp_path) / "training.log").read_text()
    assert not (cell.folder(tmp_path) / "training.json").exists()


def test_epochs_of_a_real_checkpoint(tmp_path: Path) -> None:
    trainer = tiny_trainer(max_epochs=2)
    TrainingCheckpoint(tmp_path, trainer, {}).attach(trainer)
    trainer.run()
    assert training._epochs_trained(tmp_path) == 2
