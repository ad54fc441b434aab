"""The data list and what can be wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.datalist.split import check_patch_size, load_datalist
from scripts.data.window import common_window
from scripts.data.window_choice import Training
from scripts.errors import InputError

Content = dict[str, Any]


def make_dataset(folder: Path, edit: Callable[[Content], None] = lambda content: None) -> Path:
    """Specimens A (slices with values 0..99 and 100..199) and B for training, C for validation, D for test."""
    rng = np.random.default_rng(0)
    content: Content = {"training": [], "validation": [], "test": [], "phantom": {"seed": 0}}
    names = [("training", "A"), ("training", "A"), ("training", "B"), ("validation", "C"), ("test", "D")]
    for index, (split, specimen) in enumerate(names):
        tifffile.imwrite(folder / f"{index}.tif", (np.arange(100).reshape(10, 10) + 100 * index).astype(np.uint16))
        Image.fromarray(rng.integers(0, 255, (10, 10, 3)).astype(np.uint8)).save(folder / f"{index}.png")
        content[split].append({"ct": f"{index}.tif", "histology": f"{index}.png", "specimen": specimen})
    edit(content)
    (folder / "datalist.json").write_text(json.dumps(content))
    return folder


def test_items_are_resolved_and_windowed_per_specimen(tmp_path: Path) -> None:
    items = load_datalist(make_dataset(tmp_path), "training", lower=0, upper=100)
    assert items[0] == {
        "image": str(tmp_path / "0.tif"),
        "label": str(tmp_path / "0.png"),
        "specimen": "A",
        "pixel_um": None,  # nor do the files say
        "ct_window": [0.0, 199.0],  # of both slices of A together
        "window_given": False,
        "window_source": "percentiles",
    }
    assert [item["ct_window"] for item in items] == [[0, 199], [0, 199], [200, 299]]
    assert common_window(items) is None
    assert common_window(items[:2]) == (0, 199)


def test_monai_label_names_and_given_windows(tmp_path: Path) -> None:
    def edit(content: Content) -> None:
        for item in content["training"]:
            item["image"], item["label"] = item.pop("ct"), item.pop("histology")
            item["ct_window"] = [50, 350]
        content["training"][0] |= {"mask": "mask.png", "labels": "mask.png"}

    Image.fromarray(np.eye(10, dtype=np.uint8)).save(tmp_path / "mask.png")
    items = load_datalist(make_dataset(tmp_path, edit), "training")
    assert common_window(items) == (50, 350)
    assert items[0]["mask"] == items[0]["labels"] == str(tmp_path / "mask.png")


def change(**entries: Any) -> Callable[[Content], None]:
    """Change the first training item."""

    def edit(content: Content) -> None:
        item = content["training"][0]
        item.update(entries)
        for key in [key for key, value in item.items() if value is None]:
            del item[key]

    return edit


def leak(content: Content) -> None:
    content["validation"].append(dict(content["test"][0]))


def leak_under_another_name(content: Content) -> None:
    content["validation"].append({**content["test"][0], "specimen": "E"})


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (change(ct=None), "'ct' is missing from item 1 of 'training'"),
        (change(histology=None), "'histology' is missing from item 1 of 'training'"),
        (change(histology=3), "'histology' of item 1 of 'training' .* is 3, not text"),
        (change(specimen=None), "'specimen' is missing"),
        (change(ct="gone.tif"), r"do not exist: .*gone.tif \(item 1\)"),
        (change(mask="gone.png"), r"do not exist: .*gone.png \(item 1\)"),
        (change(histology="small.png"), "small.png has 5 x 10.*0.tif has 10 x 10.*resample"),
        (change(mask="small.png"), "small.png has 5 x 10.*0.tif has 10 x 10"),
        (change(ct="1.png"), "1.png is an RGB image"),
        (change(histology="1.tif"), "1.tif is a greyscale image"),
        (change(ct_window=[1]), "window.*item 1 of 'training'"),
        (change(ct_window=[9, 1]), "window.*item 1 of 'training'"),
        (change(ct_window=[1, 9]), "Only some slices of specimen 'A'"),
        (change(ct_window=[1000, 2000], specimen="Z"), "holds none of the grey values of .*0.tif"),
        (change(masks="1.png"), "'masks' of item 1 of 'training' .* unknown: did you mean 'mask'"),
        (leak, "Specimen 'D' is in both 'validation' and 'test'"),
    ],
)
def test_bad_item(tmp_path: Path, edit: Callable[[Content], None], message: str) -> None:
    Image.fromarray(np.zeros((5, 10, 3), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(InputError, match=message):
        load_datalist(make_dataset(tmp_path, edit), "training")


def test_patch_larger_than_the_smallest_image(tmp_path: Path) -> None:
    items = load_datalist(make_dataset(tmp_path), "training")
    check_patch_size(items, 10)
    with pytest.raises(InputError, match=r"0.tif has 10 x 10.*at most 10"):
        check_patch_size(items, 11)
    with pytest.raises(InputError, match="10 x 12"):
        check_patch_size(items, (10, 12))
    with pytest.raises(InputError, match="-3 x -3 pixels is none"):
        check_patch_size(items, -3)


def test_specimens_without_a_window_are_windowed_as_inference_does(tmp_path: Path) -> None:
    items = load_datalist(make_dataset(tmp_path), "training", lower=0, upper=100, training=Training((-50, 250)))
    # the range of A shares two thirds of the trained window, that of B, from 200 to 299, only a sixth
    assert [list(item["ct_window"]) for item in items] == [[-50, 250], [-50, 250], [200, 299]]


def test_one_file_under_two_names_of_specimens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A warning, for one section may belong to several scans."""
    load_datalist(make_dataset(tmp_path, leak_under_another_name), "training")
    assert "in two splits are 4.tif, 4.png." in caplog.text


def test_unknown_split(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no split 'tset': give training, validation, test"):
        load_datalist(make_dataset(tmp_path), "tset")
