"""Weights of a network that is not the default one, used without an overlay and without options."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from bundle.shared.trained_network import read_network
from scripts.errors import find_input_error
from scripts.files.digest import file_digest
from scripts.networks import StainGenerator, StainUNet
from scripts.networks.definition import decoded
from scripts.virtual_stainer import VirtualStainer
from scripts.weights.origin import is_shipped
from tests.conftest import ROOT

Build = Callable[..., ConfigWorkflow]
OPTIONS: dict[str, Any] = {"channels": [4, 4, 8, 8], "blocks": 1, "upsample": "bilinear", "dark_end": 0.0}
ASKED = {f"network_def#{name}": value for name, value in OPTIONS.items()}


def run(workflow: ConfigWorkflow) -> None:
    workflow.run()
    workflow.finalize()


def mistake(action: Callable[[], Any]) -> str:
    with pytest.raises(Exception) as caught:
        action()
    error = find_input_error(caught.value)
    assert error is not None, f"not a user's mistake: {caught.value!r}"
    assert "\n" not in str(error)
    return str(error)


@pytest.fixture(scope="module")
def training(workflow: Build, phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs, after the first of which the pairs are registered anew by the averaged network."""
    out = tmp_path_factory.mktemp("training")
    more = {"train#trainer#max_epochs": 2, "realign#epochs": [1], **ASKED}
    run(workflow("train", dataset_dir=phantom, output_dir=out, **more))
    return out


@pytest.mark.parametrize("file", ["model.pt", "checkpoint.pt"])
def test_evaluation_and_inference(file: str, workflow: Build, training: Path, phantom: Path, tmp_path: Path) -> None:
    common = {"dataset_dir": phantom, "checkpoint": training / file}
    run(workflow("evaluate", output_dir=tmp_path / "evaluation", **common))
    rows = list(csv.DictReader((tmp_path / "evaluation" / "metrics_per_image.csv").open()))
    assert all(-1 < float(row["ssim"]) < 1 for row in rows)

    source = phantom / "volumes" / "S03_ct.tif"
    network = read_network(training / file)
    assert network.definition == StainGenerator(**OPTIONS).definition
    ct = torch.from_numpy((tifffile.imread(source).astype(np.float32) - 5000) / 30000).clamp(0, 1)
    with torch.no_grad():
        expected = network(ct[:, None]).permute(0, 2, 3, 1) * 255
    as_is: dict[str, Any] = {"slice_average": [1], "amp": False, "ct_window": [5000, 35000]}
    plain = as_is | {"checkpoint": training / file}
    run(workflow("inference", input=source, output_dir=tmp_path / "stain", **plain))
    stain = np.moveaxis(zarr.open_group(str(tmp_path / "stain" / "S03_ct_stain.ome.zarr"), mode="r")["0"][:], 0, -1)
    assert np.abs(stain - expected.numpy()).max() < 0.51  # rounded, and folded layers add in another order

    stainer = VirtualStainer(training / file, "cpu", options=as_is)
    np.testing.assert_array_equal(stainer(source), stain)


def test_a_command(training: Path, phantom: Path, tmp_path: Path) -> None:
    checkpoint = ["--checkpoint", str(training / "model.pt")]
    source = phantom / "volumes" / "S03_ct.tif"
    words = ["stain", str(source), "--out", str(tmp_path / "stain.tif"), "--device", "cpu", *checkpoint]
    assert main(words) == 0
    stain = VirtualStainer(training / "model.pt", "cpu")(source)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "stain.tif"), stain)


@pytest.mark.parametrize("kind", ["evaluate", "inference"])
def test_what_contradicts_them(kind: str, workflow: Build, training: Path, phantom: Path, tmp_path: Path) -> None:
    common = {"dataset_dir": phantom, "output_dir": tmp_path, "checkpoint": training / "model.pt"}
    for option, words in {
        "blocks": "has blocks 1, not 6",  # the default is a value like any other
        "upsample": "has upsample bilinear, not nearest",
        "dark_end": "has dark_end 0.0, not 0.25",
    }.items():
        value = {"blocks": 6, "upsample": "nearest", "dark_end": 0.25}[option]
        asked = {f"network_def#{option}": value}
        message = mistake(lambda: run(workflow(kind, **common, **asked)))  # noqa: B023 - called at once
        assert f"{training / 'model.pt'} is of another architecture than network_def: it {words}." in message
    message = mistake(lambda: run(workflow(kind, "generators/unet", **common)))
    assert "it is a StainGenerator, not a StainUNet" in message
    run(workflow(kind, **common, **ASKED))  # what agrees is fine


def test_resuming_with_another_network(workflow: Build, training: Path, phantom: Path) -> None:
    before = (training / "checkpoint.pt").read_bytes()
    more = {"dataset_dir": phantom, "output_dir": training, "train#trainer#max_epochs": 3, "resume": True}
    for asked, words in (
        (ASKED | {"network_def#upsample": "nearest"}, "has upsample bilinear, not nearest"),
        (ASKED | {"network_def#blocks": 2}, "has blocks 1, not 2"),
        ({"network_def": {"_target_": "scripts.networks.StainUNet", "channels": [4, 8]}}, "trains a StainGenerator"),
    ):
        message = mistake(lambda: run(workflow("train", **more, **asked)))  # noqa: B023 - called at once
        assert words in message
        assert "resume with the network_def of its start" in message
    assert (training / "checkpoint.pt").read_bytes() == before


def test_what_they_say_names_no_path(training: Path) -> None:
    content = torch.load(training / "checkpoint.pt", weights_only=True)
    model = torch.load(training / "model.pt", weights_only=True)
    for state in (content["averaged"], content["ct_to_stain"], model):
        assert decoded(state["network_def"]) == StainGenerator(**OPTIONS).definition


def test_weights_of_version_0_8(workflow: Build, training: Path, phantom: Path, tmp_path: Path) -> None:
    """They do not say of what they are: the options of their training are still needed."""
    state = torch.load(training / "model.pt", weights_only=True)
    del state["network_def"]
    torch.save(state, tmp_path / "model.pt")
    common = {"dataset_dir": phantom, "output_dir": tmp_path / "out", "checkpoint": tmp_path / "model.pt"}
    assert "dark_end 0" in mistake(lambda: run(workflow("evaluate", **common)))
    run(workflow("evaluate", **common, **ASKED))


def test_the_shipped_weights_are_the_default_network() -> None:
    path = ROOT / "models" / "model.pt"
    assert is_shipped(file_digest(path))
    assert decoded(torch.load(path, weights_only=True)["network_def"]) == StainGenerator().definition
    network = read_network(path)
    assert network.definition == StainGenerator().definition
    assert (network.trained_on.pixel_um, network.trained_on.synthetic) == (5.0, True)
    assert not isinstance(network, StainUNet)
