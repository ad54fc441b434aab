"""The items of a data list: keys, paths and specimens as people write them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.datalist.items import check_images, check_leakage, resolve_items
from scripts.errors import InputError

PAIR = {"ct": "a.tif", "histology": "a.png", "specimen": "A"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Path of a list, beside its files ``a.tif`` and ``a.png``."""
    tifffile.imwrite(tmp_path / "a.tif", np.arange(100, dtype=np.uint16).reshape(10, 10))
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (10, 10, 3), np.uint8)).save(tmp_path / "a.png")
    return tmp_path / "datalist.json"


def refused(path: Path, **entries: Any) -> str:
    """What is said of an item that differs in some entries."""
    with pytest.raises(InputError) as caught:
        resolve_items([PAIR, {**PAIR, **entries}], "training", path)
    said = str(caught.value)
    assert len(said) < 600
    assert "\n" not in said
    return said


def test_items_are_counted_from_one(path: Path) -> None:
    assert "item 2 of 'training'" in refused(path, specimen=None)


def test_all_missing_files_are_named_at_once(path: Path) -> None:
    items = [{**PAIR, "ct": f"{number}.tif", "histology": f"{number}.png"} for number in range(1, 8)]
    with pytest.raises(InputError) as caught:
        resolve_items([PAIR, *items], "training", path)
    said = str(caught.value)
    assert "14 file(s) of 'training'" in said
    assert "and 4 more" in said
    assert all(f"{number}.tif (item {number + 1})" in said for number in range(1, 6))
    assert f"relative to {path.parent}" in said


def test_what_lies_nearby_is_named(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "A.TIF (item 2), there is a.tif" in refused(path, ct="A.TIF")
    (tmp_path / "elsewhere" / "ct").mkdir(parents=True)
    (tmp_path / "elsewhere" / "ct" / "b.tif").touch()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f"there is {tmp_path / 'elsewhere' / 'ct' / 'b.tif'}" in refused(path, ct="ct/b.tif")


def test_paths_of_windows_and_of_other_folders(path: Path) -> None:
    (path.parent / "ct").mkdir()
    os.rename(path.parent / "a.tif", path.parent / "ct" / "a.tif")
    for text in ("ct\\a.tif", "ct/a.tif", "ct\\..\\ct\\a.tif", f"../{path.parent.name}/ct/a.tif"):
        (item,) = resolve_items([{**PAIR, "ct": text}], "training", path)
        assert item["image"] == str(path.parent / "ct" / "a.tif")
    (path.parent / "b\\a.tif").touch()  # a name that is none on Windows
    (item,) = resolve_items([{**PAIR, "ct": "b\\a.tif"}], "training", path)
    assert item["image"] == str(path.parent / "b\\a.tif")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"ct": "a\0.tif"}, "cannot be a path"),
        ({"ct": "a" * 300}, "cannot be a path"),
        ({"ct": "a/" * 5000}, "cannot be a path"),
        ({"ct": "\ud800.tif"}, "cannot be a path"),
        ({"ct": "ct\new.tif"}, "write / in place of the backslash"),
        ({"ct": ["a.tif"]}, "'ct' of item 2 of 'training'"),
        ({"ct": True}, "is True, not text"),
        ({"mask": 0}, "is 0, not text"),
        ({"mask": {"a": {}}}, "not text"),
        ({"ct": "."}, "is a folder"),
        ({"ct": "/dev/zero"}, "/dev/zero"),
        ({"ct": "a.png"}, "item 2 of 'training' .* names .*a.png twice"),
        ({"mask": "a.tif"}, "names .*a.tif twice"),
        ({"labels": "a.png"}, "names .*a.png twice"),
        ({"specimen": "S" * 5000}, "has 5000 characters"),
        ({"image": "a.tif"}, "'ct' and 'image' of item 2 of 'training' .* mean the same"),
        ({"specimen": ["A"]}, "not text"),
        ({"specimen": 1.5}, "is 1.5, not text"),
        ({"specimen": True}, "is True, not text"),
        ({"specimen": float("nan")}, "is nan, not text"),
        ({"specimen": " "}, "is blank"),
        ({"specimen": ""}, "'specimen' is missing"),
        ({"ct_window": "5000 35000"}, "window '5000 35000' of item 2"),
        ({"ct_window": [False, True]}, "is not .lo, hi."),
        ({"ct_window": [0, float("nan")]}, "is not .lo, hi."),
        ({"ct_window": list(range(10**5))}, "is not .lo, hi."),
        ({"Specimen": "A"}, "did you mean 'specimen'"),
        ({"Ct": "a.tif"}, "did you mean 'ct'"),
    ],
)
def test_values_that_are_none(path: Path, entries: dict[str, Any], said: str) -> None:
    assert re.search(said, refused(path, **entries))


def test_a_fifo_is_not_opened(path: Path) -> None:
    """Nobody writes into it: whoever opens it waits for ever."""
    os.mkfifo(path.parent / "pipe.tif")
    assert "pipe.tif" in refused(path, ct="pipe.tif")


def test_keys_of_another_name_are_listed(path: Path) -> None:
    with pytest.raises(InputError, match=r"'histology' is missing from item 1 .* It has 'stain' instead."):
        resolve_items([{"ct": "a.tif", "stain": "a.png", "specimen": "A"}], "training", path)


def test_numbers_of_specimens_are_names(path: Path) -> None:
    (item,) = resolve_items([{**PAIR, "specimen": 7}], "training", path)
    assert item["specimen"] == "7"
    with pytest.raises(InputError, match="Specimen '7' is in both 'training' and 'test'"):
        check_leakage({"training": [{"specimen": 7}], "test": [{"specimen": "7"}]}, path)


def test_what_is_taken_as_it_stands_but_may_not_be_meant(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    resolve_items([{**PAIR, "window": [1, 2], "displacement": "d.npz"}, PAIR], "training", path)
    assert "the keys ['window'] of 'training' are unknown" in caplog.text
    assert f"several times in 'training': {path.parent / 'a.tif'}" in caplog.text
    caplog.clear()
    check_leakage({"training": [{"specimen": "S1"}, {"specimen": "s1"}], "test": [{"specimen": "S2 "}]}, path)
    assert "specimens 'S1' and 's1' are taken for two" in caplog.text
    assert "S2" not in caplog.text
    caplog.clear()
    resolve_items([PAIR], "training", path)
    check_leakage({"training": [PAIR]}, path)
    assert not caplog.text


def test_images_that_are_exchanged_or_grey_in_three_channels(path: Path) -> None:
    item = {"image": str(path.parent / "a.tif"), "label": str(path.parent / "a.png")}
    check_images(item)
    with pytest.raises(InputError, match="CT and section are exchanged"):
        check_images({"image": item["label"], "label": item["image"]})
    with pytest.raises(InputError, match=r"a.png is an RGB image.*three equal channels"):
        check_images({"image": item["label"], "label": item["label"]})
