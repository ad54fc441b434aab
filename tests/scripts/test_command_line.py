"""MONAI's command line in processes of their own: what a user types and what he gets to read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import tifffile
import torch

from tests.conftest import ROOT

TINY = ["--network_def#channels", "[4,4,8]", "--network_def#blocks", "1", "--device", "cpu"]


def monai_bundle(
    run_id: str, config: str, *options: str, cwd: Path, launcher: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *launcher, "-m", "monai.bundle", "run", run_id, "--config_file", config, *options]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, env=environment)


def test_inference_from_another_working_directory(phantom: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tiff,) = (phantom / "volumes").glob("*.tif")
    result = monai_bundle(
        "run",
        str(ROOT / "configs" / "inference.yaml"),
        *("--bundle_root", str(ROOT), "--checkpoint", str(tiny_checkpoint), "--input", str(tiff), *TINY),
        *("--output_dir", "stained"),
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
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and "nowhere" in last and "python -m bundle phantom" in last


def test_a_mistake_found_by_the_engine_ends_in_one_sentence(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "datalist.json").write_text('{"training": [], "validation": [], "test": []}')
    result = monai_bundle(
        "evaluating",
        "configs/evaluate.yaml",
        *("--dataset_dir", str(tmp_path), "--output_dir", str(tmp_path / "out"), "--checkpoint", str(tiny_checkpoint)),
        *TINY,
        cwd=ROOT,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr + result.stdout
    assert "datalist.json" in result.stderr.strip().splitlines()[-1]


def test_two_processes_train_one_model(phantom: Path, tmp_path: Path) -> None:
    result = monai_bundle(
        "training",
        "['configs/train.yaml','configs/multi_gpu_train.yaml']",
        *("--dataset_dir", str(phantom), "--output_dir", str(tmp_path), *TINY),
        *("--stain_to_ct#channels", "[4,4,8]", "--stain_to_ct#blocks", "1", "--patch_size", "64"),
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
