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
from bundle.workflows import one_file, typed
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
    tifffile.imwrite(tmp_path / "grey.tif", np.arange(1024, dtype=np.uint16).reshape(32, 32))
    return tmp_path


def test_train_resume_and_evaluate(here: Path, phantom: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["train", str(phantom), "--out", "t", "--overlay", "tiny.yaml", "--device", "cpu", *SMALL]
    assert main([*words, "--epochs", "1", "--seed", "3"]) == 0
    told = capsys.readouterr()
    out = here / "t"
    assert told.out.splitlines()[-2:] == [
        f"next: python -m bundle evaluate {phantom} --checkpoint {out / 'model.pt'} --out {out / 'evaluation'}",
        f"weights in {out / 'model.pt'}",
    ]
    assert "The training ended after epoch 1" in told.err
    assert "monai.bundle run evaluating" not in told.err  # the next command is said once, in this one's words
    assert "Engine run finished" not in told.err
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
        (["train", ".", "--out", "t", "--set", "batchsize=3"], "no option --batchsize: did you mean --set batch_size?"),
        (["train", ".", "--out", "t", "--set", "batch_size"], "--set batch_size is no ID=VALUE"),
        (["train", ".", "--out", "t", "--set", "seed=1", "seed=2"], "seed is said already"),
        (["train", ".", "--out", "t", "--set", "config_file=a.yaml"], "There is no option --config_file"),
        (["evaluate", ".", "--out", "e", "--split", "all"], "it must be training, validation or test"),
        (["stain", "nowhere.tif", "--out", "s"], "nowhere.tif does not exist"),
        (["stain", "grey.tif", "--out", "s", "--device", "gpu7"], "The device 'gpu7' cannot be used"),
        (["stain", "grey.tif", "--out", "s", "--device", "$x"], "--device is '$x': MONAI would evaluate the $"),
        (["stain", "grey.tif", "--out", "s.png", "--device", "@x"], "--device is '@x': MONAI would evaluate the @"),
        (["stain", "grey.tif", "--out", "s", "--output_format", "tif, gif"], "give one or several of ome.zarr, tif"),
        (["stain", "grey.tif", "--out", "s", "--set", "inference=x"], "inference is of the workflow's steps"),
        (["train", ".", "--out", "t", "--set", "initialize#1=x"], "initialize#1 is of the workflow's steps"),
        (["train", ".", "--out", "t", "--set", "batch_size=0"], "The option --set batch_size is 0, it must be"),
        (["stain", "grey.tif", "other/grey.tif", "--out", "s"], "other/grey.tif does not exist"),
        (["stain", "q--input --output_dir/none.tif", "--out", "s"], "q--input --output_dir/none.tif does not exist"),
        (["stain", "grey.tif", "grey.tif", "--out", "s"], "would both be stained as grey_stain"),
        (["stain", "grey.tif", "--out", "s", "--spacing", "0.005"], "no option --spacing any more: write --voxel_um"),
        (["stain", "grey.tif", "--out", "s", "--voxel_um", "[10, wide, 5]"], "give one number of micrometres or three"),
        (["stain", "grey.tif", "--out", "s", "--voxel_um", "[900, 5, 5]"], "is outside 0.05 to 500 um"),
        (["stain", "tiny.yaml", "--out", "s.nii.gz"], "name a folder, and give --output_format"),
    ],
)
def test_mistakes(here: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert sentence in line
    assert [path.name for path in here.iterdir() if path.is_dir() and any(path.iterdir())] == []


def test_an_end_without_a_result_is_no_success(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: None)
    assert main(["train", ".", "--out", "t"]) == 1
    assert "ended without" in capsys.readouterr().err
    assert main(["evaluate", ".", "--out", "t"]) == 1
    assert "ended without" in capsys.readouterr().err
    assert main(["stain", "grey.tif", "--out", "s"]) == 1
    assert "ended without" in capsys.readouterr().err


def test_results_of_an_earlier_run_are_not_new(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: None)
    for name in ("checkpoint.pt", "model.pt", "metrics_summary.csv", "grey_stain.json"):
        (here / name).write_bytes(b"")
    for words in (["train", ".", "--resume"], ["evaluate", "."], ["stain", "grey.tif"]):
        assert main([*words, "--out", "."]) == 1
        assert "of an earlier run" in capsys.readouterr().err


def test_resumed_training_may_keep_its_best_weights(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("checkpoint.pt", "model.pt"):
        (here / name).write_bytes(b"old")
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: write_anew(here / "checkpoint.pt"))
    assert main(["train", ".", "--resume", "--out", "."]) == 0
    (here / "checkpoint.pt").unlink()
    assert main(["train", ".", "--out", "."]) == 1


def write_anew(path: Path) -> None:
    partial = path.with_name("partial")
    partial.write_bytes(b"new")
    partial.replace(path)


def test_ctrl_c_says_how_to_go_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runpy, "run_module", interrupted)
    (here / "begun").mkdir()
    (here / "begun" / "checkpoint.pt").write_bytes(b"")
    (here / "begun" / "grey_stain.partial").mkdir()
    for words, sentence in (
        (["train", ".", "--out", "t"], "no epoch was saved yet; give the same command again"),
        (["train", ".", "--out", "begun"], "the same command with --resume goes on after the last epoch"),
        (["train", ".", "--out", "begun", "--resume"], "the same command goes on after the last epoch"),
        (["stain", "grey.tif", "--out", "s"], "no volume is half stained; give the same command again"),
        (["stain", "grey.tif", "--out", "begun"], "the same command goes on where it stopped"),
        (["stain", "grey.tif", "--out", "begun", "--overwrite"], "and stains finished ones anew"),
    ):
        assert main(words) == 130
        assert sentence in capsys.readouterr().err


def test_ctrl_c_in_a_single_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(one_file, "stain_to_file", interrupted)
    assert main(["stain", "grey.tif", "--out", "s.tif"]) == 130
    assert "nothing is written; give the same command again" in capsys.readouterr().err


def test_home_behind_an_equals_sign(here: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell leaves this tilde alone."""
    monkeypatch.setenv("HOME", str(here))
    (here / "model.pt").write_bytes(tiny_checkpoint.read_bytes())
    words = ["stain", "~/grey.tif", "--checkpoint=~/model.pt", "--overlay=~/tiny.yaml", "--device", "cpu"]
    (here / "tiny.yaml").write_text(
        TINY.replace("+network_def:", "+network_def:\n  _target_: scripts.networks.StainGenerator")
    )
    assert main([*words, "--out=~/one.tif"]) == 0
    assert main([*words, "--out=~/many", "--output_format", "tif, nii"]) == 0
    np.testing.assert_array_equal(
        tifffile.imread(here / "one.tif"), tifffile.imread(here / "many" / "grey_stain.tif").reshape(1, 32, 32, 3)
    )
    assert (here / "many" / "grey_stain.nii").is_file()
    assert not (here / "~").exists()


def test_two_volumes_of_one_name_are_refused_before_any_work(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "b").mkdir()
    for name in ("grey.tif", "other.tif"):
        tifffile.imwrite(here / "b" / name, np.zeros((2, 32, 32), np.uint16), photometric="minisblack")
    for second in ("b/grey.tif", "b"):
        assert main(["stain", "grey.tif", second, "--out", "m", "--overwrite"]) == 1
        assert f"{here / 'grey.tif'} and {here / 'b' / 'grey.tif'} would both" in capsys.readouterr().err
    assert not (here / "m").exists()


@pytest.mark.parametrize("more", [["--set", "stainings=$[]"], ["--overlay", "tiny.yaml", "idle.yaml"]])
def test_nothing_stained_is_no_success(
    here: Path, tiny_checkpoint: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither where there is nothing, nor where an earlier stain lies, which by itself is found whole."""
    (here / "idle.yaml").write_text("inference: ['$None']\n", encoding="utf-8")
    words = ["stain", "grey.tif", "--out", "s", "--checkpoint", str(tiny_checkpoint), "--device", "cpu"]
    plain = [*words, "--overlay", "tiny.yaml"]
    idle = [*plain, *more] if "--set" in more else [*words, *more]
    assert main(idle) == 1
    assert "ended without" in capsys.readouterr().err
    assert main(plain) == 0
    assert main(plain) == 0
    assert capsys.readouterr().out.splitlines() == [f"stained in {here / 's'}"] * 2
    assert main(idle) == 1
    assert "of an earlier run" in capsys.readouterr().err


@pytest.mark.parametrize("code", [3, "error: no bundle."])
def test_a_config_that_ends_the_process(monkeypatch: pytest.MonkeyPatch, code: int | str) -> None:
    def end(*_: object, **__: object) -> None:
        sys.exit(code)

    monkeypatch.setattr(runpy, "run_module", end)
    expected = SystemExit if code == 3 else InputError
    with pytest.raises(expected, match=r"3|no bundle\.$"):
        typed.run_typed("training", {}, [], [])
