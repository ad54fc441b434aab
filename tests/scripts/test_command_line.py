"""MONAI's command line in processes of their own: what a user types and what he gets to read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tifffile
import torch
from monai.bundle import ConfigParser
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from scripts.command_line import refuse_unknown_options
from scripts.errors import InputError
from tests.conftest import ROOT

TINY = ["--network_def#channels", "[4,4,8]", "--network_def#blocks", "1", "--device", "cpu"]


def monai_bundle(
    run_id: str, config: str, *options: str, cwd: Path, launcher: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *launcher, "-m", "monai.bundle", "run", run_id, "--config_file", config, *options]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, env=environment)


def sentence(result: subprocess.CompletedProcess[str]) -> str:
    """The one line in which a refused run ends."""
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    return last


def test_inference_from_another_working_directory(phantom: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tiff,) = (phantom / "volumes").glob("*.tif")
    result = monai_bundle(
        "run",
        str(ROOT / "configs" / "inference.yaml"),
        *("--bundle_root", str(ROOT), "--checkpoint", str(tiny_checkpoint), "--input", str(tiff), *TINY),
        *("--output_dir", "stained", "--output_format", "tif"),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    (stain,) = (tmp_path / "stained").glob("*_stain.tif")
    assert tifffile.imread(stain).shape == (*tifffile.imread(tiff).shape, 3)
    assert "staining: 100%" in result.stderr  # the progress bar


def test_a_mistake_ends_in_one_sentence(tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "configs/train.yaml",
        *("--dataset_dir", str(tmp_path / "nowhere"), "--output_dir", str(tmp_path / "out")),
        cwd=ROOT,
    )
    assert "nowhere" in sentence(result) and "python -m bundle phantom" in sentence(result)


def test_a_mistake_found_by_the_engine_ends_in_one_sentence(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "datalist.json").write_text('{"training": [], "validation": [], "test": []}')
    result = monai_bundle(
        "evaluating",
        "configs/evaluate.yaml",
        *("--dataset_dir", str(tmp_path), "--output_dir", str(tmp_path / "out"), "--checkpoint", str(tiny_checkpoint)),
        *TINY,
        cwd=ROOT,
    )
    assert "datalist.json" in sentence(result)


def test_several_processes_need_torchrun(phantom: Path, tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "['configs/train.yaml','configs/multi_gpu_train.yaml']",
        *("--dataset_dir", str(phantom), "--output_dir", str(tmp_path)),
        cwd=ROOT,
    )
    assert "torchrun --nproc_per_node" in sentence(result)


def test_a_misspelt_option_is_refused(phantom: Path, tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "configs/train.yaml",
        *("--dataset_dir", str(phantom), "--output_dir", str(tmp_path / "out"), "--max_epochs", "2"),
        cwd=ROOT,
    )
    assert sentence(result) == "error: There is no option --max_epochs: did you mean --train#trainer#max_epochs?"


class TestOptions:
    """Which options there are, without a process."""

    def test_paths_that_MONAI_would_misread(self) -> None:
        words = ["run", "training", "--config_file", str(ROOT / "configs" / "train.yaml")]
        with pytest.raises(InputError, match="--dataset_dir is 'mice #2'.*no path may hold one"):
            refuse_unknown_options([*words, "--dataset_dir", "mice #2"])
        refuse_unknown_options([*words, "--train#trainer#max_epochs", "@train#trainer#max_epochs"])

    @pytest.mark.parametrize(
        "options",
        [
            ["--dataset_dir", "D", "--train#trainer#max_epochs", "3"],
            ["--logging_file=l.conf", "--output-dir=O", "-seed", "-3"],
            ["--train::trainer::max_epochs", "3"],
            ["--tracking", "mlflow", "--experiment_name", "screws"],
            ["--train#dataloader#pin_memory", "true"],  # a further argument of something built
            ["--train#preprocessing#transforms#1#clip", "true"],
        ],
    )
    def test_known(self, options: list[str]) -> None:
        refuse_unknown_options(["run", "training", "--config_file", str(ROOT / "configs/train.yaml"), *options])

    @pytest.mark.parametrize(
        ("option", "meant"),
        [
            ("output_dri", "--output_dir"),
            ("learning_rat", "--learning_rate"),
            ("trian#trainer#max_epochs", "--train#trainer#max_epochs"),
            ("train#trainer#max_epoch", "--train#trainer#max_epochs"),
            ("network_def#block", "--network_def#blocks"),
        ],
    )
    def test_misspelt(self, option: str, meant: str) -> None:
        arguments = ["--config_file", f"['{ROOT}/configs/train.yaml','{ROOT}/configs/mlflow.yaml']", f"--{option}", "1"]
        with pytest.raises(InputError, match=rf"no option --{option}: did you mean {meant}\?"):
            refuse_unknown_options(arguments)

    def test_entries_that_an_overlay_adds(self) -> None:
        files = f"['{ROOT}/configs/train.yaml','{ROOT}/configs/mlflow.yaml']"
        base = len(ConfigParser.load_config_file(str(ROOT / "configs/train.yaml"))["train"]["handlers"])
        refuse_unknown_options(["--config_file", files, f"--train#handlers#{base}#experiment_name", "screws"])
        with pytest.raises(InputError, match="no option"):
            refuse_unknown_options(["--config_file", files, f"--train#handlers#{base + 1}#experiment_name", "screws"])

    def test_like_nothing(self) -> None:
        with pytest.raises(InputError, match="no option --xyzzy: the config file lists"):
            refuse_unknown_options(["--config_file", str(ROOT / "configs/inference.yaml"), "--xyzzy", "1"])

    def test_left_alone_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["python", "--config_file", str(ROOT / "configs/inference.yaml"), "--xyzzy"])
        refuse_unknown_options()  # this process is not MONAI's command line


def test_two_processes_train_one_model(phantom: Path, tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "['configs/train.yaml','configs/multi_gpu_train.yaml']",
        *("--dataset_dir", str(phantom), "--output_dir", str(tmp_path), *TINY),
        *("--stain_to_ct#network#channels", "[4,4,8]", "--stain_to_ct#network#blocks", "1", "--patch_size", "64"),
        *("--stain_discriminator#channels", "4", "--ct_discriminator#channels", "4", "--batch_size", "1"),
        *("--iterations_per_epoch", "2", "--train#trainer#max_epochs", "2", "--val_interval", "1"),
        cwd=ROOT,
        launcher=("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
    )
    assert result.returncode == 0, result.stderr
    checkpoint = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert checkpoint["trainer"]["iteration"] == 4
    assert (tmp_path / "model.pt").is_file() and (tmp_path / "history.csv").is_file()
    assert result.stderr.count("training: 100%") >= 1
    written = [EventAccumulator(str(file)).Reload().Tags()["scalars"] for file in (tmp_path / "tensorboard").iterdir()]
    assert sum(bool(scalars) for scalars in written) == 1  # one log of two processes
