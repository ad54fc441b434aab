"""Windows of specimens whose slices are padded, or were cut from a scan."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.datalist.split import load_datalist
from scripts.data.load import LoadPaird
from scripts.data.window import WindowCT, WindowCTd
from scripts.data.window_choice import Training
from scripts.errors import InputError

SIDE = 64
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
OUTSIDE = np.hypot(ROWS - 31.5, COLUMNS - 31.5) > 32
INSIDE = np.random.default_rng(0).integers(-1000, 2001, (2, SIDE, SIDE))
FOUND = {"lo": -400, "hi": 900, "percentiles": [0.5, 99.5]}


def data_list(folder: Path, value: float, dtype: str = "float32", **entries: Any) -> Path:
    """Two slices of a specimen with one value around it."""
    content: dict[str, list[Any]] = {"test": []}
    for index, pixels in enumerate(INSIDE):
        stored = pixels.astype(dtype)
        stored[OUTSIDE] = value
        tifffile.imwrite(folder / f"{index}.tif", stored, photometric="minisblack")
        Image.fromarray(np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)).save(
            folder / f"{index}.png"
        )
        content["test"].append({"ct": f"{index}.tif", "histology": f"{index}.png", "specimen": "A", **entries})
    (folder / "datalist.json").write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("value", "dtype"), [(-3024, "int16"), (-32768, "int16"), (-3.4e38, "float32"), (3.4e38, "float32")]
)
def test_padding_takes_no_part_and_becomes_black(value: float, dtype: str, tmp_path: Path) -> None:
    items = load_datalist(data_list(tmp_path, value, dtype), "test")
    lo, hi = np.percentile(INSIDE[:, ~OUTSIDE], (0.5, 99.5))
    assert items[0]["ct_window"] == pytest.approx([lo, hi])
    windowed = np.asarray(WindowCTd("image")(LoadPaird()(items[0]))["image"])[0]
    expected = np.where(OUTSIDE, 0, np.clip((INSIDE[0] - lo) / (hi - lo), 0, 1))
    np.testing.assert_allclose(windowed, expected, atol=1e-6)  # float32
    alone = WindowCT()(tifffile.imread(tmp_path / "0.tif")[None])  # without a data list, by its own percentiles
    assert (alone[0][OUTSIDE] == 0).all()
    assert 0.4 < alone[0][~OUTSIDE].mean() < 0.6


@pytest.mark.parametrize("value", [3.4e38, -3024, 0])
def test_padding_beside_a_given_window(value: float, tmp_path: Path) -> None:
    """Of 0 tissue has some, too: it keeps what the window makes of it."""
    items = load_datalist(data_list(tmp_path, value, ct_window=[-5000, 2000]), "test")
    windowed = np.asarray(WindowCTd("image")(LoadPaird()(items[1]))["image"])[0]
    np.testing.assert_allclose(windowed[OUTSIDE], 0 if value else 5 / 7, atol=1e-6)
    np.testing.assert_allclose(windowed[~OUTSIDE], (INSIDE[1][~OUTSIDE] + 5000) / 7000, atol=1e-6)


def test_padding_is_no_reason_to_take_the_trained_window(tmp_path: Path) -> None:
    """Without it the slices do not reach down to the trained window, or up to it."""
    items = load_datalist(data_list(tmp_path, -32768, "int16"), "test", training=Training((-30000, -1500)))
    assert items[0]["ct_window"] == pytest.approx(list(np.percentile(INSIDE[:, ~OUTSIDE], (0.5, 99.5))))


def test_window_found_in_the_scan(tmp_path: Path) -> None:
    items = load_datalist(data_list(tmp_path, -1000, window_found=FOUND), "test")
    assert [item["ct_window"] for item in items] == [[-400, 900]] * 2
    assert not any(item["window_given"] or "window_found" in item for item in items)
    assert load_datalist(tmp_path, "test", training=Training((-500, 1000)))[0]["ct_window"] == [-500, 1000]
    assert load_datalist(tmp_path, "test", training=Training((5000, 35000)))[0]["ct_window"] == [-400, 900]


def test_window_found_by_other_percentiles(tmp_path: Path) -> None:
    items = load_datalist(data_list(tmp_path, -3024, window_found=FOUND), "test", lower=2, upper=98)
    assert items[0]["ct_window"] == pytest.approx(list(np.percentile(INSIDE[:, ~OUTSIDE], (2, 98))))


def test_given_comes_before_found(tmp_path: Path) -> None:
    items = load_datalist(data_list(tmp_path, -1000, window_found=FOUND, ct_window=[0, 1000]), "test")
    assert items[0]["ct_window"] == [0, 1000]
    assert items[0]["window_given"]


@pytest.mark.parametrize("bad", [[1, 2], {"lo": 1, "hi": 2}, {**FOUND, "percentiles": 3}, {**FOUND, "lo": 900}, "x"])
def test_found_window_that_is_none(bad: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="item 1 of 'test'"):
        load_datalist(data_list(tmp_path, -1000, window_found=bad), "test")


def test_most_outside_a_given_window(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load_datalist(data_list(tmp_path, -3024, ct_window=[-1000, 2000]), "test")
        assert not caplog.records
        load_datalist(data_list(tmp_path, -3024, ct_window=[1500, 40000]), "test")
    # of -1000 to 2000 those below 1200: noise up to a tenth of the range below the window is not counted
    share = 100 * (INSIDE[:, ~OUTSIDE] < 1200).mean()
    assert f"specimen A: {share:.0f} % of its grey values lie outside the window 1500 to 40000" in caplog.text
    assert 'give its slices "ct_window": [-9' in caplog.text


def test_padding_is_neither_learned_from_nor_judged(tmp_path: Path) -> None:
    (item, _) = load_datalist(data_list(tmp_path, -3024, "int16"), "test")
    np.testing.assert_array_equal(np.asarray(LoadPaird()(item)["mask"])[0], ~OUTSIDE)
