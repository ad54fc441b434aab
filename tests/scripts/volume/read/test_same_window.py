"""Evaluation and inference choose the same window for the same scan."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter

from scripts.data.datalist.specimen_window import FOUND, found_window
from scripts.data.datalist.split import load_datalist
from scripts.data.window import PERCENTILES
from scripts.data.window_choice import NO_TRAINING, UNKNOWN, Training
from scripts.volume.read.reader import open_volume
from scripts.volume.read.window import volume_window

TRAININGS = [
    NO_TRAINING,
    UNKNOWN,
    Training((0.0, 1200.0), (0.17, 0.48)),  # calibrated alike
    Training((5000.0, 35000.0), (0.1, 0.5)),
    Training((5000.0, 35000.0), None),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan of eight slices, and a data list of two of them that says what was found in the scan."""
    folder, rng = tmp_path_factory.mktemp("scan"), np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((8, 128, 128)), (2, 8, 8))
    bone = np.abs(field) < 0.4 * field.std()
    values = gaussian_filter(np.where(bone, 600.0, 200.0), (0, 0.7, 0.7)) + 25 * rng.standard_normal(bone.shape)
    stored = values.astype(np.uint16)
    tifffile.imwrite(folder / "scan.tif", stored, photometric="minisblack")
    with open_volume(folder / "scan.tif") as volume:
        facts = volume_window(volume).facts
    assert facts is not None
    items = []
    for z in (1, 6):
        tifffile.imwrite(folder / f"{z}.tif", stored[z], photometric="minisblack")
        Image.fromarray(np.random.default_rng(z).integers(0, 255, (128, 128, 3), np.uint8)).save(folder / f"{z}.png")
        entry = json.loads(json.dumps(found_window(facts, PERCENTILES)))
        items.append({"ct": f"{z}.tif", "histology": f"{z}.png", "specimen": "A", FOUND: entry})
    (folder / "datalist.json").write_text(json.dumps({"test": items}))
    return folder


@pytest.mark.parametrize("training", TRAININGS)
def test_of_a_data_list_and_of_the_volume(folder: Path, training: Training) -> None:
    with open_volume(folder / "scan.tif") as volume:
        found = volume_window(volume, training=training)
    for item in load_datalist(folder, "test", training=training):
        assert item["ct_window"] == list(found.window)
        assert (item["window_source"], item["window_given"]) == (found.source, False)


def test_they_are_of_each_kind(folder: Path) -> None:
    with open_volume(folder / "scan.tif") as volume:
        sources = [volume_window(volume, training=training).source for training in TRAININGS]
    assert sources == ["landmarks", "percentiles", "trained", "landmarks", "landmarks"]


@pytest.mark.parametrize("word", ["landmarks", "percentiles"])
def test_by_a_word(folder: Path, word: str) -> None:
    content = json.loads((folder / "datalist.json").read_text())
    for item in content["test"]:
        item["ct_window"] = word
    other = folder / "by_word.json"
    other.write_text(json.dumps(content))
    with open_volume(folder / "scan.tif") as volume:
        found = volume_window(volume, given=word)
    (folder / word).mkdir()
    for name in ("1.tif", "6.tif", "1.png", "6.png"):
        (folder / word / name).symlink_to(folder / name)
    other.rename(folder / word / "datalist.json")
    assert [item["ct_window"] for item in load_datalist(folder / word, "test")] == [list(found.window)] * 2
    assert found.source == word
