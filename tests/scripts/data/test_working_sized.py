"""Pairs brought to the pixel size that the network works at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from skimage.transform import downscale_local_mean

from scripts.data import LoadPaird, ToWorkingSized, WindowCTd
from scripts.data.padding import Padding
from scripts.data.resample import resize_ct
from scripts.errors import InputError


@pytest.fixture
def pair(tmp_path: Path) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    tifffile.imwrite(tmp_path / "ct.tif", rng.integers(1000, 30000, (120, 180)).astype(np.uint16))
    Image.fromarray(rng.integers(0, 255, (120, 180, 3), np.uint8)).save(tmp_path / "section.png")
    mask = np.full((120, 180), 255, np.uint8)
    mask[:12] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray((np.arange(120)[:, None] // 60).repeat(180, 1).astype(np.uint8)).save(tmp_path / "labels.png")
    return {
        "image": str(tmp_path / "ct.tif"),
        "label": str(tmp_path / "section.png"),
        "mask": str(tmp_path / "mask.png"),
        "labels": str(tmp_path / "labels.png"),
        "ct_window": [0.0, 32000.0],
        "pixel_um": 2.5,
    }


def test_all_of_a_pair_is_resampled_alike(pair: dict[str, Any]) -> None:
    loaded = LoadPaird(labels_key="labels")(pair)
    item = ToWorkingSized(5.0)(loaded)
    assert {key: tuple(item[key].shape) for key in ("image", "label", "mask", "labels")} == {
        "image": (1, 60, 90),
        "label": (3, 60, 90),
        "mask": (1, 60, 90),
        "labels": (1, 60, 90),
    }
    np.testing.assert_array_equal(item["image"][0].numpy(), resize_ct(loaded["image"][0].numpy(), (60, 90)))
    expected = downscale_local_mean(loaded["label"].numpy(), (1, 2, 2))  # by scikit-image
    np.testing.assert_allclose(item["label"].numpy(), expected, atol=1e-6)
    assert (item["mask"][0, :6] == 0).all()
    assert (item["mask"][0, 6:] == 1).all()
    assert item["labels"].dtype == torch.int64
    assert (item["labels"][0, :30] == 0).all()
    assert (item["labels"][0, 30:] == 1).all()
    assert item["pixel_um"] == 5.0
    for key in ("image", "label", "mask", "labels"):
        assert item[key].meta["filename_or_obj"] == pair[key]  # by which handlers name rows and files


@pytest.mark.parametrize(("pixel_um", "working_um"), [(5.0, 5.0), (5.1, 5.0), (None, 5.0), (5.0, None), (None, None)])
def test_nothing_changes_where_nothing_has_to(
    pair: dict[str, Any], pixel_um: float | None, working_um: float | None
) -> None:
    loaded = LoadPaird()(pair | {"pixel_um": pixel_um})
    assert ("pixel_um" in loaded) == (pixel_um is not None)  # None could not be put into a batch
    item = ToWorkingSized(working_um)(loaded)
    assert item.keys() == loaded.keys()
    assert all(item[key] is loaded[key] for key in loaded)


def test_classes_that_are_not_read_stay_a_path(pair: dict[str, Any]) -> None:
    assert ToWorkingSized(5.0)(LoadPaird()(pair))["labels"] == pair["labels"]


def test_the_exact_size_afterwards(pair: dict[str, Any]) -> None:
    item = ToWorkingSized(7.0)(LoadPaird()(pair))  # 42.9 and 64.3 pixels become 43 and 64
    assert item["image"].shape == (1, 43, 64)
    assert item["pixel_um"] == pytest.approx(2.5 * np.sqrt(120 / 43 * 180 / 64))


def test_padding_does_not_smear_into_the_tissue(pair: dict[str, Any], tmp_path: Path) -> None:
    """Beside padding of -32768 the CT is as beside the window's low end."""
    ct = np.full((120, 180), 20000, np.int32)
    ct[::7] = 21000
    padded, dark = ct.copy(), ct.copy()
    padded[:, :60], dark[:, :60] = -32768, 0
    results = []
    for name, values, entry in (("padded.tif", padded, {"padding": Padding(low=-32768.0)}), ("dark.tif", dark, {})):
        tifffile.imwrite(tmp_path / name, values)
        item = LoadPaird()(pair | {"image": str(tmp_path / name)} | entry)
        results.append(WindowCTd()(ToWorkingSized(5.0)(item))["image"].numpy())
    np.testing.assert_array_equal(*results)
    assert results[0][0, :, 32:].min() > 0.6


def test_grey_values_that_float32_cannot_tell_apart(pair: dict[str, Any], tmp_path: Path) -> None:
    small = np.random.default_rng(1).integers(0, 4000, (120, 180))
    tifffile.imwrite(tmp_path / "large.tif", (small + 3_000_000_000).astype(np.uint32))
    tifffile.imwrite(tmp_path / "small.tif", small.astype(np.uint16))
    images = []
    for name, low in (("large.tif", 3e9), ("small.tif", 0.0)):
        item = LoadPaird()(pair | {"image": str(tmp_path / name), "ct_window": [low, low + 4000]})
        images.append(WindowCTd()(ToWorkingSized(5.0)(item))["image"].numpy())
    np.testing.assert_allclose(images[0], images[1], atol=1e-6)


def test_a_mask_of_which_nothing_is_left(pair: dict[str, Any], tmp_path: Path) -> None:
    mask = np.zeros((120, 180), np.uint8)
    mask[5, 5] = 255  # a single pixel
    Image.fromarray(mask).save(tmp_path / "mask.png")
    with pytest.raises(InputError, match=r"mask.png leaves nothing of the pair at the working size of 5 um"):
        ToWorkingSized(5.0)(LoadPaird()(pair))
