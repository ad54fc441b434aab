"""The command folds: from a data list to scores and an ensemble, cut off, gone on with, and refused."""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bundle import cli
from bundle.cli import main
from bundle.workflows.folds.command import words_of
from bundle.workflows.folds.fold_run import FoldRun
from scripts.errors import InputError
from scripts.lock import locked
from scripts.networks import StainEnsemble, StainGenerator
from scripts.weights.loading import load_generator

TINY = [
    *("network_def#channels=[4,4,8]", "network_def#blocks=1", "stain_to_ct#network#channels=[4,4,8]"),
    *("stain_to_ct#network#blocks=1", "stain_discriminator#channels=4", "ct_discriminator#channels=4"),
    *("patch_size=64", "iterations_per_epoch=1", "batch_size=1", "loss_weights#perceptual=0.0", "realign#epochs=[]"),
]


def words(phantom: Path, out: Path, *more: str) -> list[str]:
    splits = ["--splits", "training", "validation", "test"]
    return ["folds", str(phantom), "--out", str(out), "--folds", "3", "--epochs", "1", *splits, "--set", *TINY, *more]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs of folds in this process, for their speed; their commands."""
    commands: list[str] = []

    def run(fold: FoldRun, what: str, typed: Sequence[str]) -> None:
        commands.append(f"{what} {fold.number}{' resumed' * ('--resume' in typed)}")
        if main(list(typed)):
            raise InputError(f"fold {fold.number} failed")

    monkeypatch.setattr(FoldRun, "_run", run)
    return commands


def test_three_folds(
    started: list[str],
    phantom: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, save = tmp_path / "out", FoldRun.evaluate

    def killed(run: FoldRun, typed: Sequence[str]) -> None:
        if run.number == 2:
            (run.folder / "trained").unlink()  # as if it had been killed between the last epoch and this note
            raise KeyboardInterrupt
        save(run, typed)

    monkeypatch.setattr(FoldRun, "evaluate", killed)
    assert main(words(phantom, out)) == 130
    interrupted = capsys.readouterr()
    assert "the same command goes on where it stopped" in interrupted.err
    assert re.search(r"fold 1: PSNR / dB .* of S0\d; about \d+ s left\n", interrupted.out)
    assert not (out / "folds.csv").exists()
    monkeypatch.setattr(FoldRun, "evaluate", save)
    assert main(words(phantom, out)) == 0
    assert started == ["training 1", "evaluation 1", "training 2", "evaluation 2", "training 3", "evaluation 3"]
    said = capsys.readouterr().out
    assert "fold 1 of 3: learns from " in said
    assert "Trained already." in said
    assert "its epoch is chosen on " in said
    assert "lookup table: PSNR / dB " in said
    assert re.search(r"fold 1: PSNR / dB .* of S0\d\n", said)  # trained already: that says nothing of the others
    assert "etter than a lookup table in " in said

    record = json.loads((out / "folds.json").read_text())
    assert sorted(name for fold in record["folds"] for name in fold["held_out"]) == ["S01", "S02", "S03"]
    for fold in record["folds"]:
        listed = json.loads((out / f"fold_{fold['fold']}" / "data" / "datalist.json").read_text())
        assert [item["specimen"] for item in listed["test"]] == fold["held_out"]
        assert [item["specimen"] for item in listed["validation"]] == fold["validation"]
        assert all(Path(item["ct"]).is_file() for split in ("training", "test") for item in listed[split])
        assert listed["phantom"]  # which says that the pairs were computed
    psnrs = [fold["scores"]["psnr"] for fold in record["folds"]]
    assert record["between_folds"]["psnr"]["mean"] == pytest.approx(sum(psnrs) / 3)
    with (out / "folds.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["psnr"]) for row in rows if row["of"] == "fold"] == pytest.approx(psnrs)

    ensemble = load_generator(StainGenerator(), out / "ensemble.pt")
    assert isinstance(ensemble, StainEnsemble)
    assert len(ensemble.members) == len(ensemble.trained_on.members) == 3
    started.clear()
    assert main(words(phantom, out)) == 0  # nothing is done twice
    assert started == []
    assert main(words(phantom, out, "amp=false")) == 1
    assert f"{out} holds folds with other options: give another --out" in capsys.readouterr().err
    assert main(words(phantom, out, "--seed", "2")) == 1
    assert f"{out} holds folds with other folds: give another --out" in capsys.readouterr().err
    (out / "plan.json").unlink()
    assert main(words(phantom, out)) == 1
    assert "but no plan.json that says which" in capsys.readouterr().err


def test_a_training_that_fails(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a process of its own, from a folder that has nothing to do with the bundle; the log is named."""
    out = tmp_path / "out"
    assert main(words(phantom, out, "batch_siz=4")) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: The training of fold 1 ended with status 1: ")
    assert "batch_siz" in said
    assert f"See {out / 'fold_1' / 'training.log'}. Mend what it says, and give the same command again" in said
    log = (out / "fold_1" / "training.log").read_text()
    assert log.startswith(f"$ python -m bundle train {out / 'fold_1' / 'data'} --out ")


def test_goes_on_with_a_training_that_was_stopped(tmp_path: Path, started: list[str]) -> None:
    run = FoldRun(2, tmp_path)
    run.training.mkdir()
    (run.training / "checkpoint.pt").write_bytes(b"cut off")
    with pytest.raises(InputError):
        run.train(["--epochs=3"])
    assert started == ["training 2 resumed"]
    assert not run.is_trained()


def test_one_process_at_a_time(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with locked(tmp_path):
        assert main(words(phantom, tmp_path)) == 1
    assert f"Another process is writing to {tmp_path}" in capsys.readouterr().err


def test_bad_input(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(typed: list[str], said: str) -> None:
        assert main(typed) == 1
        assert said in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def listed(content: Any) -> list[str]:
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "datalist.json").write_text(json.dumps(content))
        return words(tmp_path / "data", tmp_path / "out")

    shutil.copytree(phantom, tmp_path / "data")
    content = json.loads((phantom / "datalist.json").read_text())
    one = [*content["training"], *content["training"]]
    refused(listed({"training": one}), "got 1 (")
    refused(
        listed({"training": [{k: v for k, v in one[0].items() if k != "specimen"}]}), "The key 'specimen' is missing"
    )
    refused(listed({"training": []}), "has no pairs under 'training' or 'validation' or 'test'")
    refused(listed({"training": [{**one[0], "ct": "gone.tif"}]}), "do not exist")
    plain = listed(content)[:4]
    refused([*plain, "--folds", "4", "--splits", "training", "validation", "test"], "from 2 to 3")
    refused([*plain, "--folds", "2"], "got 2 (")  # the test split stays unseen by default
    refused(words(tmp_path / "none", tmp_path / "out"), "does not exist")


def test_options_are_handed_on() -> None:
    typed = ["folds", "D", "--out", "O", "--epochs", "3", "--device", "cpu", "--overlay", "a.yaml", "b.yaml"]
    typed += ["--set", "batch_size=4", "--set", "amp=false", "--folds", "4", "--resume"]
    given = cli.parse(typed)
    assert isinstance(given, argparse.Namespace)
    overlays = [str(Path.cwd() / name) for name in ("a.yaml", "b.yaml")]
    found = words_of(given)
    assert found == ["--epochs=3", "--device=cpu", "--overlay", *overlays, "--set", "batch_size=4", "amp=false"]
    again = cli.parse(["train", "D", "--out", "O", *found])
    assert (again.epochs, again.overlay, again.set) == (3, overlays, ["batch_size=4", "amp=false"])


def test_the_help_says_what_options_mean_here(capsys: pytest.CaptureFixture[str]) -> None:
    for command, out in (("folds", "folder for folds.csv"), ("train", "folder for report.html")):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert out in capsys.readouterr().out
