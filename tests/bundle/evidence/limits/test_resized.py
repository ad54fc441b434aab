"""Test scans of another pixel size, made of a tiny phantom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.evidence.limits.resized import coarser_alone, other_pixels
from bundle.synthetic.phantom.generate import make_phantom
from scripts.data import load_datalist
from scripts.data.image.pixel_size import read_pixel_size
from scripts.data.image.read import read_ct, read_histology, read_labels
from scripts.data.working_sized import ToWorkingSized


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("limits") / "base"
    make_phantom(out, specimens=[1, 1, 1], slices=1, size=96, volumes=0, processes=1)
    return out


@pytest.mark.parametrize(("pixel_um", "side"), [(2.5, 192), (3.75, 128), (5.0, 96), (7.5, 64)])
def test_all_that_belongs_to_a_pair_is_resampled(pixel_um: float, side: int, base: Path, tmp_path: Path) -> None:
    (item,) = load_datalist(other_pixels(base, "test", pixel_um, tmp_path), "test")
    assert item["pixel_um"] == pytest.approx(pixel_um)
    assert read_ct(item["image"]).shape == (side, side)
    assert read_histology(item["label"]).shape == (3, side, side)
    assert read_labels(item["labels"]).shape == (side, side)
    assert read_pixel_size(item["image"]) == pytest.approx(pixel_um)
    (known,) = load_datalist(base, "test")
    assert item["ct_window"] == known["ct_window"]
    # the mean stays, but for what the interpolation does at the edges of the image
    assert read_histology(item["label"]).mean() == pytest.approx(read_histology(known["label"]).mean(), rel=0.01)
    assert read_ct(item["image"]).mean() == pytest.approx(read_ct(known["image"]).mean(), rel=0.01)


def test_the_same_size_is_the_same_pair(base: Path, tmp_path: Path) -> None:
    (item,), (known,) = load_datalist(other_pixels(base, "test", 5.0, tmp_path), "test"), load_datalist(base, "test")
    np.testing.assert_array_equal(read_ct(item["image"]), read_ct(known["image"]))
    np.testing.assert_array_equal(read_histology(item["label"]), read_histology(known["label"]))
    np.testing.assert_array_equal(read_labels(item["labels"]), read_labels(known["labels"]))


def test_binning_takes_the_mean_of_a_detectors_pixels(base: Path, tmp_path: Path) -> None:
    (item,) = load_datalist(other_pixels(base, "test", 10.0, tmp_path), "test")
    known = read_ct(load_datalist(base, "test")[0]["image"]).astype(np.float64)
    np.testing.assert_allclose(read_ct(item["image"]), known.reshape(48, 2, 48, 2).mean((1, 3)), atol=0.51)  # rounded


def test_a_coarse_ct_comes_back_to_its_own_size(base: Path, tmp_path: Path) -> None:
    (item,) = load_datalist(coarser_alone(base, "test", 7.5, tmp_path / "alone"), "test")
    (known,) = load_datalist(base, "test")
    assert (item["label"], item["labels"]) == (known["label"], known["labels"])
    assert item["pixel_um"] == pytest.approx(5)
    binned = read_ct(load_datalist(other_pixels(base, "test", 7.5, tmp_path / "binned"), "test")[0]["image"])
    back = ToWorkingSized(5.0)({"image": torch.from_numpy(binned.astype(np.float32))[None], "pixel_um": 7.5})[
        "image"
    ].numpy()[0]
    # what training and evaluation make of the binned scan, which was rounded once more
    np.testing.assert_allclose(read_ct(item["image"]), back, atol=1.5)
