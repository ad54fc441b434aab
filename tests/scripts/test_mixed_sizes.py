"""Training and evaluation with pairs of several pixel sizes, by the bundle's workflows."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from monai.bundle import ConfigWorkflow
from PIL import Image

from bundle.shared.trained_network import read_network
from scripts.data.image.read import read_ct, read_histology
from scripts.data.resample import resize_ct, resize_section
from scripts.errors import find_input_error

Build = Callable[..., ConfigWorkflow]
OWN_UM = 5.0  # of the phantom


def run(workflow: ConfigWorkflow) -> None:
    workflow.run()
    workflow.finalize()


def mistake(action: Callable[[], Any]) -> str:
    """Message of the `InputError` that an action ends with, however MONAI wrapped it."""
    with pytest.raises(Exception) as caught:
        action()
    error = find_input_error(caught.value)
    assert error is not None, f"not a user's mistake: {caught.value!r}"
    return str(error)


def scanned_at(phantom: Path, out: Path, sizes: dict[str, list[float | None]]) -> Path:
    """Copies of the first pair of each split, as if scanned at each of these sizes; None: 5 um, and nobody says so."""
    content = json.loads((phantom / "datalist.json").read_text())
    splits: dict[str, list[dict[str, Any]]] = {}
    for split, wanted in sizes.items():
        item = content[split][0]
        ct, section = read_ct(phantom / item["ct"]), np.moveaxis(read_histology(phantom / item["histology"]), 0, -1)
        for number, size in enumerate(wanted):
            side = round(len(ct) * OWN_UM / (size or OWN_UM))
            stem = f"{split}_{number}"
            out.mkdir(exist_ok=True)
            tifffile.imwrite(out / f"{stem}.tif", resize_ct(ct, (side, side)).clip(0, 65535).astype(np.uint16))
            Image.fromarray((255 * resize_section(section, (side, side))).astype(np.uint8)).save(out / f"{stem}.png")
            entry = {"ct": f"{stem}.tif", "histology": f"{stem}.png", "specimen": f"{item['specimen']}_{number}"}
            said = {} if size is None else {"pixel_um": size}
            splits.setdefault(split, []).append(entry | {"ct_window": item["ct_window"]} | said)
    (out / "datalist.json").write_text(json.dumps(splits))
    return out


@pytest.fixture(scope="module")
def mixed(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sizes: dict[str, list[float | None]] = {"training": [2.5, 5.0, 7.5], "validation": [7.5], "test": [2.5, 5.0, 7.5]}
    return scanned_at(phantom, tmp_path_factory.mktemp("mixed") / "data", sizes)


@pytest.fixture(scope="module")
def trained(mixed: Path, workflow: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("mixed_training")
    run(workflow("train", dataset_dir=mixed, output_dir=out, **{"train#trainer#max_epochs": 2, "realign#epochs": [1]}))
    return out


def test_all_pairs_are_trained_on_at_one_size(
    mixed: Path, workflow: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    built = workflow("train", dataset_dir=mixed, output_dir=tmp_path, **{"train#trainer#max_epochs": 1})
    run(built)
    (line,) = [line for line in caplog.messages if line.startswith("Working size")]
    assert line == "Working size: 5 um. 3 of the 4 pairs are resampled: 1 from 2.5 um, 2 from 7.5 um."
    cached = built.parser.get_parsed_content("train#dataset")
    for item in cached._cache:
        for key in ("image", "label", "mask", "weight", "displacement"):
            assert item[key].shape[-2:] == (128, 128), key  # 85 pixels of 7.5 um are 127.5 of 5 um
    first, second, third = (item["image"] for item in cached._cache)
    own = float((second - second.mean()).std())
    for other in (first, third):  # all show the same tissue at the same place
        apart = float((other - second).std())
        assert apart < 0.5 * own


def test_the_weights_know_their_size(trained: Path) -> None:
    for name in ("model.pt", "checkpoint.pt"):
        assert read_network(trained / name).trained_on.pixel_um == 5.0


def test_evaluation_is_at_the_size_of_the_network(
    mixed: Path, trained: Path, workflow: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    options = {"checkpoint": trained / "model.pt", "dataset_dir": mixed, "output_dir": tmp_path}
    built = workflow("evaluate", **options)
    run(built)
    assert "The network works at pixels of 5 um. 2 of the 3 pairs are resampled: 1 from 2.5 um, 1 from 7.5 um." in (
        caplog.messages
    )
    of = json.loads((tmp_path / "metrics_of.json").read_text())
    assert of["network_pixel_um"] == 5.0
    assert sorted(size for sizes in of["pixel_um"].values() for size in sizes) == [2.5, 5.0, 7.5]
    dataset = built.parser.get_parsed_content("dataset")
    assert [dataset[index]["image"].shape[-1] for index in range(3)] == [128, 128, 128]


def test_weights_that_do_not_know_their_size_change_nothing(
    mixed: Path, tiny_checkpoint: Path, workflow: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    built = workflow("evaluate", checkpoint=tiny_checkpoint, dataset_dir=mixed, output_dir=tmp_path)
    run(built)
    assert caplog.messages.count("The weights do not say which pixel size they work at: no pair is resampled.") == 1
    dataset = built.parser.get_parsed_content("dataset")
    assert [dataset[index]["image"].shape[-1] for index in range(3)] == [256, 128, 85]


def test_another_working_size_is_not_resumed(mixed: Path, trained: Path, workflow: Build) -> None:
    options = {"train#trainer#max_epochs": 3, "resume": True, "working_um": 7.5}
    said = mistake(lambda: run(workflow("train", dataset_dir=mixed, output_dir=trained, **options)))
    assert "works at pixels of 5 um, not at pixels of 7.5 um: resume with the --working_um" in said


def test_one_size_gives_the_weights_of_no_size(phantom: Path, workflow: Build, tmp_path: Path) -> None:
    """Where all pairs have one size, whatever it is, nothing is resampled: the same weights, bit for bit."""
    weights = []
    for name, size in (("unknown", None), ("five", 5.0), ("near", 5.1)):
        lists: dict[str, list[float | None]] = {split: [OWN_UM, OWN_UM] for split in ("training", "validation")}
        data = scanned_at(phantom, tmp_path / name, lists)
        content = json.loads((data / "datalist.json").read_text())
        for item in content["training"]:
            item["pixel_um"] = size
        if name == "near":
            content["training"][0]["pixel_um"] = 5.0
        (data / "datalist.json").write_text(json.dumps(content))
        out = tmp_path / f"{name}_out"
        run(workflow("train", dataset_dir=data, output_dir=out, **{"train#trainer#max_epochs": 1}))
        weights.append(torch.load(out / "model.pt", weights_only=True))
    sizes = [bytes(state.pop("trained_on_json").tolist()).decode() for state in weights]
    assert ["pixel_um" in text for text in sizes] == [False, True, True]
    for state in weights[1:]:
        torch.testing.assert_close(state, weights[0], rtol=0, atol=0, equal_nan=True)


def test_no_pair_says_its_size(
    phantom: Path, workflow: Build, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = scanned_at(phantom, tmp_path / "data", {"training": [None], "validation": [None]})
    run(workflow("train", dataset_dir=data, output_dir=tmp_path / "out", **{"train#trainer#max_epochs": 1}))
    assert caplog.text.count("No training pair says how large its pixels are: no pair is resampled") == 1
    assert read_network(tmp_path / "out" / "model.pt").trained_on.pixel_um is None


@pytest.mark.parametrize("working_um", [0, -5, math.nan, "fine", [5, 5, 5]])
def test_working_sizes_that_are_none(mixed: Path, workflow: Build, tmp_path: Path, working_um: Any) -> None:
    said = mistake(lambda: workflow("train", dataset_dir=mixed, output_dir=tmp_path, working_um=working_um))
    assert "--working_um is" in said
    assert "it must be one number of micrometres from 0.05 to 500" in said
