"""Cells of a benchmark with runs that are made up."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from bundle.benchmark import cell as cells
from bundle.benchmark.cell import Cell, result_of
from scripts.errors import InputError

CELL = Cell("wide", "/recipes/wide.yaml", 3, 100, "/data", {"batch_size": "4"})


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Runs that write a summary and nothing else, and their words."""
    words_of: list[list[str]] = []

    def run(words: list[str], log: Path) -> None:
        words_of.append(words)
        folder = Path(words[words.index("--output_dir") + 1])
        folder.mkdir(parents=True, exist_ok=True)
        if "evaluating" in words:
            (folder / "metrics_summary.csv").write_text("metric,mean,std\nssim,0.5,0.1\n")

    monkeypatch.setattr(cells, "_run", run)
    return words_of


def option(words: list[str], name: str) -> str | None:
    return words[words.index(f"--{name}") + 1] if f"--{name}" in words else None


def test_commands(tmp_path: Path) -> None:
    train, evaluate = CELL.training(tmp_path), CELL.evaluating(tmp_path, "validation")
    assert option(train, "seed") == "3" and option(train, "batch_size") == "4"
    assert option(train, "train#trainer#max_epochs") == "2" and option(train, "resume") is None
    assert option(evaluate, "split") == "validation" and option(evaluate, "batch_size") is None
    assert option(evaluate, "checkpoint") == str(tmp_path / "training" / "model.pt")
    for words, config in ((train, "train.yaml"), (evaluate, "evaluate.yaml")):
        files = option(words, "config_file")
        assert files is not None and config in files and "/recipes/wide.yaml" in files


def test_without_an_overlay_there_is_one_file(tmp_path: Path) -> None:
    words = dataclasses.replace(CELL, overlay=None).training(tmp_path)
    assert option(words, "config_file") == str(cells.ROOT / "configs" / "train.yaml")


def test_result_is_kept_and_not_made_again(tmp_path: Path, ran: list[list[str]]) -> None:
    first = result_of(CELL, "validation", tmp_path)
    assert first["metrics"] == {"ssim": 0.5} and first["split"] == "validation" and first["seconds"] >= 0
    assert "run training" in first["command"]
    assert result_of(CELL, "validation", tmp_path) == first and len(ran) == 2


def test_another_split_is_evaluated_without_another_training(tmp_path: Path, ran: list[list[str]]) -> None:
    result_of(CELL, "validation", tmp_path)
    assert result_of(CELL, "test", tmp_path)["split"] == "test"
    assert [words[3] for words in ran] == ["training", "evaluating", "evaluating"]
    assert option(ran[-1], "split") == "test"


def test_stopped_training_goes_on_and_its_time_is_not_known(tmp_path: Path, ran: list[list[str]]) -> None:
    training = CELL.folder(tmp_path) / "training"
    training.mkdir(parents=True)
    (training / "checkpoint.pt").write_bytes(b"")
    result = result_of(CELL, "validation", tmp_path)
    assert option(ran[0], "resume") == "true" and result["seconds"] is None and result["cpu_seconds"] is None


def test_another_cell_is_refused(tmp_path: Path, ran: list[list[str]]) -> None:
    result_of(CELL, "validation", tmp_path)
    with pytest.raises(InputError, match="holds another cell"):
        result_of(dataclasses.replace(CELL, options={}), "validation", tmp_path)


def test_a_run_that_fails_names_its_log(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"status 1.*training\.log"):
        result_of(dataclasses.replace(CELL, overlay=str(tmp_path / "absent.yaml")), "validation", tmp_path)
    assert "absent.yaml" in (CELL.folder(tmp_path) / "training.log").read_text()
    assert not (CELL.folder(tmp_path) / "training.json").exists()
