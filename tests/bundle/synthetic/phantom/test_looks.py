"""A phantom of another look: the same kinds of files, other colours, another scanner, finer bone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from bundle.cli import main
from bundle.synthetic.phantom.anatomy.materials import OLD_BONE, SOFT
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data.datalist.split import load_datalist

OPTIONS: dict[str, Any] = {"specimens": 3, "slices": 1, "size": 96, "volumes": 0, "processes": 1}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("other") / "set"
    words = ["--specimens", "3", "--slices", "1", "--size", "128", "--volumes", "0", "--processes", "1"]
    assert main(["phantom", str(out), "--look", "other", "--seed", "0", *words]) == 0
    return out


def items(folder: Path) -> list[dict[str, Any]]:
    content = json.loads((folder / "datalist.json").read_text())
    return [item for split in ("training", "validation", "test") for item in content[split]]


def colour(folder: Path, item: dict[str, Any], label: int) -> Any:
    section = np.asarray(Image.open(folder / item["histology"]))
    labels = np.asarray(Image.open(folder / item["labels"]))
    return np.median(section[labels == label], axis=0)


def test_bone_is_green_and_soft_tissue_red(other: Path) -> None:
    """In the plain phantom bone is blue and soft tissue violet: blue is the brightest channel of both."""
    for item in items(other):
        red, green, blue = colour(other, item, OLD_BONE)
        assert green > blue > red
        red, green, blue = colour(other, item, SOFT)
        assert red > blue > green


def test_the_scanner_is_another_one(other: Path, tmp_path: Path) -> None:
    """At 45 keV bone attenuates 1.01 instead of 1.41 per cm, here 9000 counts each above 14000."""
    (item, *_) = items(other)
    ct = tifffile.imread(other / item["ct"])
    labels = np.asarray(Image.open(other / item["labels"]))
    assert np.median(ct[labels == OLD_BONE]) == pytest.approx(14000 + 9000 * 1.01, rel=0.03)
    assert (item["pixel_um"], "ct_window" in item) == (5.0, False)
    (loaded,) = load_datalist(other, "training")
    assert not loaded["window_given"]


def test_the_list_says_how_it_was_made(other: Path, tmp_path: Path) -> None:
    content = json.loads((other / "datalist.json").read_text())["phantom"]
    assert content["options"]["look"] == "other"
    assert {specimen["energy_kev"] for specimen in content["specimens"].values()} == {45.0}
    assert all(name.startswith("O") for name in content["specimens"])
    make_phantom(tmp_path / "plain", **OPTIONS)
    assert "look" not in json.loads((tmp_path / "plain" / "datalist.json").read_text())["phantom"]["options"]
