"""The commands ``train``, ``evaluate`` and ``stain`` into a folder: the workflows of the configs, from any folder."""

from __future__ import annotations

import csv
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from monai.bundle.workflows import ConfigWorkflow

from bundle.cli import main
from bundle.workflows import typed
from scripts.errors import InputError

TINY = "+network_def:\n  channels: [4, 4, 8]\n  blocks: 1\n"
SMALL = [
    *(
        "--set",
        "stain_to_ct#network#channels=[4, 4, 8]",
        "stain_to_ct#network#blocks=1",
        "stain_discriminator#channels=4",
    ),
    *("ct_discriminator#channels=4", "patch_size=64", "iterations_per_epoch=2", "batch_size=2"),
    *("loss_weights#perceptual=0", "realign#epochs=[]"),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an overlay that makes the generator tiny."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    return tmp_path


def test_train_resume_and_evaluate(here: Path, phantom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", str(phantom), "--out", "t", "--overlay", "tiny.yaml", "--device", "cpu", *SMALL]
    assert main([*words, "--epochs", "1", "--seed", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"weights in {here / 't' / 'model.pt'}"
    assert main([*words, "--epochs", "2", "--resume"]) == 0
    with (here / "t" / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]

    judge = ["evaluate", str(phantom), "--checkpoint", "t/model.pt", "--out", "e", "--overlay", "tiny.yaml"]
    assert main([*judge, "--split", "validation", "--device", "cpu"]) == 0
    assert (here / "e" / "metrics_summary.csv").is_file()


def test_stain_gives_the_voxels_of_the_workflow(
    here: Path, phantom: Path, tiny_checkpoint: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    """Names that MONAI would evaluate, look up or change are names."""
    source = phantom / "volumes" / "S03_ct.tif"
    (here / "%scan#1.tif").write_bytes(source.read_bytes())
    run = workflow("inference", input=source, output_dir=here / "w", checkpoint=tiny_checkpoint, output_format=["tif"])
    run.run()
    words = ["--checkpoint", str(tiny_checkpoint), "--overlay", "tiny.yaml", "--device", "cpu"]
    assert main(["stain", "%scan#1.tif", str(source), "--out", "@s", "--output_format", "tif", *words]) == 0
    expected = tifffile.imread(here / "w" / "S03_ct_stain.tif")
    for name in ("%scan#1", "S03_ct"):
        np.testing.assert_array_equal(tifffile.imread(here / "@s" / f"{name}_stain.tif"), expected)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "nowhere", "--out", "t"], "give DATA the folder"),
        (["train", "$x", "--out", "t"], "$x does not exist"),
        (["train", ".", "--out", "t", "--epochs", "-3"], "--epochs is -3, it must be a whole number"),
        (["train", ".", "--out", "t", "--overlay", "nope.yaml"], "nope.yaml does not exist"),
        (["train", ".", "--out", "t", "--set", "batchsize=3"], "no option --batchsize: did you mean --batch_size?"),
        (["train", ".", "--out", "t", "--set", "batch_size"], "--set batch_size is no ID=VALUE"),
        (["train", ".", "--out", "t", "--set", "seed=1", "seed=2"], "seed is said already"),
        (["train", ".", "--out", "t", "--set", "config_file=a.yaml"], "There is no option --config_file"),
        (["evaluate", ".", "--out", "e", "--split", "all"], "it must be training, validation or test"),
        (["stain", "nowhere.tif", "--out", "s"], "nowhere.tif does not exist"),
        (["stain", "tiny.yaml", "--out", "s", "--device", "gpu7"], "The device 'gpu7' cannot be used"),
        (["stain", "tiny.yaml", "--out", "s.nii.gz"], "name a folder, and give --output_format"),
    ],
)
def test_mistakes(here: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert sentence in line
    assert [path.name for path in here.iterdir() if path.name != "tiny.yaml" and any(path.iterdir())] == []


def test_an_end_without_a_result_is_no_success(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: None)
    assert main(["train", ".", "--out", "t"]) == 1
    assert "ended without" in capsys.readouterr().err
    assert main(["evaluate", ".", "--out", "t"]) == 1
    assert "ended without" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runpy, "run_module", interrupted)
    assert main(["train", ".", "--out", "t"]) == 130
    assert "the same command with --resume goes on" in capsys.readouterr().err


@pytest.mark.parametrize("code", [3, "error: no bundle."])
def test_a_config_that_ends_the_process(monkeypatch: pytest.MonkeyPatch, code: int | str) -> None:
    def end(*_: object, **__: object) -> None:
        sys.exit(code)

    monkeypatch.setattr(runpy, "run_module", end)
    expected = SystemExit if code == 3 else InputError
    with pytest.raises(expected, match=r"3|no bundle\.$"):
        typed.run_typed("training", {}, [], [])
