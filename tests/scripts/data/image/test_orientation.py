"""Pictures are turned as viewers turn them; Pillow's `exif_transpose` is the judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from scripts.data.datalist.split import load_datalist
from scripts.data.image.orientation import stored_part, turned
from scripts.data.image.read import read_header, read_histology, read_image, read_labels, read_mask
from scripts.data.load import LoadPaird
from scripts.volume.read.reader import open_volume

GREY = (np.arange(5 * 7, dtype=np.uint16).reshape(5, 7) * 7 + 3).astype(np.uint8)
RGB = np.stack([GREY, 255 - GREY, GREY // 2], axis=-1)


def exif(orientation: int) -> Image.Exif:
    asked = Image.Exif()
    asked[274] = orientation
    return asked


def as_viewers_show(pixels: np.ndarray, orientation: int) -> np.ndarray:
    image = Image.fromarray(pixels)
    image.getexif()[274] = orientation
    return np.asarray(ImageOps.exif_transpose(image))


def write_tiff(path: Path, pixels: np.ndarray, orientation: int) -> None:
    photometric = "rgb" if pixels.shape[-1] == 3 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=photometric, extratags=[(274, 3, 1, orientation, True)])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight(tmp_path: Path, orientation: int) -> None:
    shown = as_viewers_show(RGB, orientation)
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif(orientation))
    write_tiff(tmp_path / "a.tif", RGB, orientation)
    for name in ("a.png", "a.tif"):
        np.testing.assert_array_equal(read_image(tmp_path / name), shown)
        np.testing.assert_array_equal(read_histology(tmp_path / name)[0], shown[..., 0] / np.float32(255))
        header = read_header(tmp_path / name)
        assert (header.height, header.width) == shown.shape[:2]
    Image.fromarray(RGB).save(tmp_path / "a.jpg", quality=95, exif=exif(orientation))
    with Image.open(tmp_path / "a.jpg") as image:
        np.testing.assert_array_equal(read_image(tmp_path / "a.jpg"), np.asarray(ImageOps.exif_transpose(image)))
    header = read_header(tmp_path / "a.jpg")
    assert (header.height, header.width) == shown.shape[:2]


def test_masks_and_labels_are_turned(tmp_path: Path) -> None:
    ids = GREY // 100
    Image.fromarray(ids).save(tmp_path / "a.png", exif=exif(6))
    write_tiff(tmp_path / "a.tif", ids, 6)
    for name in ("a.png", "a.tif"):
        np.testing.assert_array_equal(read_labels(tmp_path / name), as_viewers_show(ids, 6))
        np.testing.assert_array_equal(read_mask(tmp_path / name), as_viewers_show(ids, 6) > 0)


def test_orientation_behind_the_pixels_of_a_png(tmp_path: Path) -> None:
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif(8))
    content = (tmp_path / "a.png").read_bytes()
    start = content.index(b"eXIf") - 4
    end = start + 12 + int.from_bytes(content[start : start + 4], "big")
    moved = content[:start] + content[end:-12] + content[start:end] + content[-12:]  # IEND takes 12 bytes
    (tmp_path / "a.png").write_bytes(moved)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), as_viewers_show(RGB, 8))


def test_an_orientation_without_meaning_turns_nothing(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", RGB, 9)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), RGB)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_part_is_found_where_it_is_stored(orientation: int) -> None:
    shown = as_viewers_show(RGB, orientation)
    top, left, height, width = stored_part((1, 2, 3, 2), shown.shape[:2], orientation)
    part = RGB[top : top + height, left : left + width]
    np.testing.assert_array_equal(turned(part, orientation), shown[1:4, 2:4])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_stacks_and_folders_of_slices_are_turned_alike(tmp_path: Path, compression: str | None) -> None:
    voxels = np.stack([GREY, 255 - GREY, GREY // 2])
    expected = np.stack([as_viewers_show(pixels, 6) for pixels in voxels])
    metadata = {"axes": "ZYX", "spacing": 0.005, "unit": "mm"}
    tags = [(274, 3, 1, 6, True)]
    options: dict[str, Any] = {"compression": compression, "extratags": tags, "resolution": (500, 400)}
    tifffile.imwrite(tmp_path / "a.tif", voxels, imagej=True, metadata=metadata, **options)
    (tmp_path / "slices").mkdir()
    for index, pixels in enumerate(voxels):
        write_tiff(tmp_path / "slices" / f"s{index}.tif", pixels, 6)
    for name in ("a.tif", "slices"):
        with open_volume(tmp_path / name) as volume:
            assert volume.shape == (3, 7, 5)
            np.testing.assert_array_equal(volume.read(0, 3), expected)
    with open_volume(tmp_path / "a.tif") as volume:
        assert volume.spacing == pytest.approx((0.005, 1 / 500, 1 / 400))  # columns are rows now


def test_a_data_list_pairs_what_viewers_show(tmp_path: Path) -> None:
    """As evaluation reads it: a turned photograph and a palette belong to a CT slice that lies as they are shown."""
    ct = as_viewers_show(GREY, 6)
    tifffile.imwrite(tmp_path / "ct.tif", ct)
    Image.fromarray(RGB).save(tmp_path / "phone.png", exif=exif(6))
    palette = Image.fromarray(as_viewers_show(RGB, 6)).convert("P", palette=Image.Palette.ADAPTIVE)
    palette.save(tmp_path / "palette.tif")
    sections = ("phone.png", "palette.tif")
    entries = [{"ct": "ct.tif", "histology": name, "specimen": "S", "ct_window": [0, 255]} for name in sections]
    (tmp_path / "datalist.json").write_text(json.dumps({"test": entries}))
    shown = (as_viewers_show(RGB, 6), np.asarray(palette.convert("RGB")))
    for item, expected in zip(load_datalist(tmp_path, "test"), shown, strict=True):
        loaded = LoadPaird()(item)
        np.testing.assert_array_equal(np.asarray(loaded["image"])[0], ct)
        np.testing.assert_array_equal(np.rint(255 * np.asarray(loaded["label"])), np.moveaxis(expected, -1, 0))
