"""The size of pixels in a data list."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.datalist.split import load_datalist
from scripts.errors import InputError


def make_list(folder: Path, entries: Sequence[Mapping[str, Any]], stored: list[float | None]) -> Path:
    """A training split whose items have such entries, and files that say such sizes."""
    items = []
    for number, (entry, size) in enumerate(zip(entries, stored, strict=True)):
        said: dict[str, Any] = (
            {} if size is None else {"resolution": (1e4 / size, 1e4 / size), "resolutionunit": "CENTIMETER"}
        )
        tifffile.imwrite(folder / f"{number}.tif", np.arange(100, dtype=np.uint16).reshape(10, 10), **said)
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (10, 10, 3), np.uint8)).save(folder / f"{number}.png")
        files = {"ct": f"{number}.tif", "histology": f"{number}.png"}
        items.append({**files, "specimen": "a", "ct_window": [0, 99], **entry})
    (folder / "datalist.json").write_text(json.dumps({"training": items}))
    return folder


def sizes(folder: Path) -> list[float | None]:
    return [item["pixel_um"] for item in load_datalist(folder, "training")]


def test_the_list_or_else_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entries: list[dict[str, Any]] = [{"pixel_um": 2.5}, {}, {"pixel_um": None}, {"pixel_um": 5}]
    assert sizes(make_list(tmp_path, entries, [None, 7.5, None, 5.1])) == [2.5, 7.5, None, 5.0]
    assert caplog.text == ""  # 5 and 5.1 are one size


def test_the_list_is_believed_and_one_warning_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert sizes(make_list(tmp_path, [{"pixel_um": 5.0}] * 2, [7.5, 5.2])) == [5.0, 5.0]
    (record,) = caplog.records
    assert "files of 2 pair(s) differ in the size of pixels (um); the list is believed" in record.message
    assert "0.tif (5 in the list, 7.5 in the file)" in record.message


@pytest.mark.parametrize("value", [0, -5, math.nan, math.inf, "5", "5 um", True, 0.04, 501, {}])
def test_what_is_no_size(tmp_path: Path, value: Any) -> None:
    folder = make_list(tmp_path, [{"pixel_um": value}], [None])
    with pytest.raises(
        InputError, match=r"pixel_um of item 1 of 'training'.*one number of micrometres from 0.05 to 500"
    ):
        load_datalist(folder, "training")


def test_millimetres_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is 0.005, expected .* If it is in mm, write 5\."):
        load_datalist(make_list(tmp_path, [{"pixel_um": 0.005}], [None]), "training")


def test_three_numbers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is \[5, 5, 5\], but a pair lies in one plane and has one size"):
        load_datalist(make_list(tmp_path, [{"pixel_um": [5, 5, 5]}], [None]), "training")


@pytest.mark.parametrize("key", ["voxel_um", "Pixel_Size", "spacing", "pixel_mu"])
def test_other_names(tmp_path: Path, key: str) -> None:
    with pytest.raises(InputError, match="did you mean 'pixel_um'"):
        load_datalist(make_list(tmp_path, [{key: 5}], [None]), "training")
