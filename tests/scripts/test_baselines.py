"""The baselines' overlays, trained for two steps on a tiny phantom."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from monai.bundle import ConfigWorkflow

from scripts.data import UnpairedDataset
from scripts.networks import StainGenerator, StainUNet
from tests.conftest import ROOT, TINY_CHANNELS

BASELINES = sorted(path.stem for path in (ROOT / "configs" / "baselines").glob("*.yaml"))
TINY_UNET = {"_target_": "scripts.networks.StainUNet", "channels": TINY_CHANNELS}
COLUMNS = {  # of history.csv: the terms that are computed
    "cyclegan": {"adversarial_stain", "adversarial_ct", "cycle_ct", "cycle_stain", "discriminator"},
    "paired_l1": {"pixel_stain"},
    "pix2pix": {"adversarial_stain", "pixel_stain", "discriminator"},
    "pix2pix_ours": {"adversarial_stain", "pixel_stain", "discriminator"},
}


def trained(workflow: Callable[..., ConfigWorkflow], name: str, phantom: Path, out: Path) -> ConfigWorkflow:
    options = {"network_def": TINY_UNET} if name == "pix2pix" else {}
    built = workflow(
        "train",
        f"baselines/{name}",
        dataset_dir=phantom,
        output_dir=out,
        val_interval=1,
        **{"train#trainer#max_epochs": 1},
        **options,
    )
    built.run()
    built.finalize()
    return built


@pytest.mark.parametrize("name", BASELINES)
def test_trains_with_its_terms(
    name: str, workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path: Path
) -> None:
    built = trained(workflow, name, phantom, tmp_path)
    (row,) = csv.DictReader((tmp_path / "history.csv").open())
    others = {"epoch", "learning_rate", "loss", "validation_ssim", "validation_psnr"}
    assert set(row) - others == COLUMNS[name]
    trainer: Any = built.parser.get_parsed_content("train#trainer")
    assert isinstance(trainer.ct_to_stain, StainUNet if name == "pix2pix" else StainGenerator)
    assert trainer.conditional is name.startswith("pix2pix")
    assert trainer.stain_pool.size == (0 if name.startswith("pix2pix") else 50)
    assert isinstance(trainer.data_loader.dataset, UnpairedDataset) is (name == "cyclegan")
    weights = torch.load(tmp_path / "model.pt", weights_only=True)
    assert all(bool(torch.isfinite(value).all()) for key, value in weights.items() if key != "ct_window")


def test_the_unet_of_training_is_that_of_inference() -> None:
    pix2pix, unet = (
        yaml.safe_load((ROOT / "configs" / folder).read_text())["network_def"]
        for folder in ("baselines/pix2pix.yaml", "generators/unet.yaml")
    )
    assert pix2pix == unet


def test_the_unet_is_evaluated_and_stains_a_volume(
    workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path: Path
) -> None:
    trained(workflow, "pix2pix", phantom, tmp_path / "training")
    common = {"checkpoint": tmp_path / "training" / "model.pt", "dataset_dir": phantom}
    for kind in ("evaluate", "inference"):
        built = workflow(kind, output_dir=tmp_path / kind, **common)
        built.run()
        built.finalize()
    (row,) = csv.DictReader((tmp_path / "evaluate" / "metrics_per_image.csv").open())
    assert 0 < float(row["ssim"]) < 1
    assert list((tmp_path / "inference").glob("*_stain.ome.zarr"))
