"""Trainings that go on from the weights of an earlier one, by the bundle's workflow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow
from scipy.ndimage import gaussian_filter

from scripts.networks import StainGenerator
from scripts.networks.trained_on import TrainedOn

Build = Callable[..., ConfigWorkflow]
LANDMARKS = (0.2, 0.6)  # of the earlier training


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scans without a window: ground at 1000, a disc at 2000."""
    folder = tmp_path_factory.mktemp("discs")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:128, :128]
    content: dict[str, Any] = {}
    for specimen, split in (("a", "training"), ("b", "validation")):
        disc = gaussian_filter(np.where(np.hypot(y - 64, x - 60) < 40, 2000.0, 1000.0), 1.0)
        tifffile.imwrite(folder / f"{specimen}.tif", (disc + 20 * rng.normal(size=disc.shape)).astype(np.uint16))
        tifffile.imwrite(folder / f"{specimen}_he.tif", rng.integers(0, 255, (128, 128, 3), dtype=np.uint8))
        content[split] = [{"ct": f"{specimen}.tif", "histology": f"{specimen}_he.tif", "specimen": specimen}]
    (folder / "datalist.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of another generator than the default, whose training knew where landmarks lie."""
    network = StainGenerator(channels=(4, 8), blocks=0)
    network.set_windowing(None, (0.5, 99.5))
    network.trained_on = TrainedOn(pixel_um=5.0, landmarks=LANDMARKS)
    path = tmp_path_factory.mktemp("earlier") / "model.pt"
    torch.save(network.state_dict(), path)
    return path


def options(**more: Any) -> dict[str, Any]:
    return {"network_def#channels": None, "network_def#blocks": None, "realign#epochs": []} | more


def test_fewer_epochs_unless_asked(workflow: Build, discs: Path, earlier: Path, tmp_path: Path) -> None:
    def schedule(**more: Any) -> tuple[int, float, int]:
        parser = workflow("train", dataset_dir=discs, output_dir=tmp_path, **more).parser
        names = ("train#trainer#max_epochs", "learning_rate", "decay_start")
        epochs, rate, start = (parser.get_parsed_content(name) for name in names)
        return epochs, rate, start

    assert schedule() == (120, 0.002, 60)
    assert schedule(**options(initial_weights=earlier)) == (30, 0.002, 15)
    asked = {"train#trainer#max_epochs": 7, "learning_rate": 0.5}
    assert schedule(**options(initial_weights=earlier, **asked)) == (7, 0.5, 3)


def test_scans_are_brought_to_where_the_earlier_training_had_them(
    workflow: Build, discs: Path, earlier: Path, tmp_path: Path
) -> None:
    """The window in which 1000 lies at 0.2 and 2000 at 0.6 is 500 to 3000; both splits get it."""
    built = workflow("train", dataset_dir=discs, output_dir=tmp_path, **options(initial_weights=earlier))
    for split in ("train", "validate"):
        (item,) = built.parser.get_parsed_content(f"{split}#dataset#data")
        assert item["ct_window"] == pytest.approx([500, 3000], abs=25)  # the modes' noise is 20


def test_trains_the_network_of_the_file_and_goes_on_from_its_own_checkpoint(
    workflow: Build, discs: Path, earlier: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = options(initial_weights=earlier, dataset_dir=discs, **{"train#trainer#max_epochs": 1})
    with caplog.at_level("INFO"):
        workflow("train", **first, output_dir=tmp_path / "a").run()
    assert f"begins with the weights of {earlier}" in caplog.text
    saved = torch.load(tmp_path / "a" / "checkpoint.pt", weights_only=True)
    built = workflow(
        "train", **first | {"initial_weights": tmp_path / "a" / "checkpoint.pt"}, output_dir=tmp_path / "b"
    )
    trainer = built.parser.get_parsed_content("train#trainer")
    assert trainer.ct_to_stain.definition["channels"] == [4, 8]
    for name in ("stain_to_ct", "stain_discriminator", "ct_discriminator"):
        torch.testing.assert_close(dict(getattr(trainer, name).state_dict()), dict(saved[name]))
    (item,) = built.parser.get_parsed_content("train#dataset#data")
    assert item["ct_window"] == pytest.approx([500, 3000], abs=25)

    caplog.clear()
    with caplog.at_level("INFO"):
        again = first | {"train#trainer#max_epochs": 2, "resume": True}
        workflow("train", **again, output_dir=tmp_path / "a").run()
    assert "--resume goes on with the weights of" in caplog.text
