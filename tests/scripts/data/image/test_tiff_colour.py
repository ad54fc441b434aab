"""Colours of TIFF and JPEG files; Pillow and the format's definition are the judges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.read import read_ct, read_header, read_histology, read_image, read_mask
from scripts.errors import InputError

ROWS, COLUMNS = np.indices((24, 32))
RGB = np.stack([ROWS * 9, COLUMNS * 7, (ROWS + COLUMNS) * 4], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_ycbcr(tmp_path: Path, compression: str | None) -> None:
    Image.fromarray(RGB).convert("YCbCr").save(tmp_path / "a.tif", compression=compression)
    # 8-bit YCbCr does not hold all of RGB: Pillow's own way back is two levels off.
    np.testing.assert_allclose(read_image(tmp_path / "a.tif").astype(int), RGB, atol=3)
    assert read_header(tmp_path / "a.tif").channels == 3


def test_subsampled_ycbcr_in_jpeg(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", compression="jpeg", subsampling=(2, 2))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert tif.pages.first.photometric == tifffile.PHOTOMETRIC.YCBCR
        assert tif.pages.first.is_subsampled
    shown = np.asarray(Image.open(tmp_path / "a.tif").convert("RGB")).astype(int)
    assert np.abs(read_image(tmp_path / "a.tif").astype(int) - shown).mean() < 2


def test_cmyk_as_pillow_shows_it(tmp_path: Path) -> None:
    cmyk = np.dstack([RGB, RGB[..., :1] // 3])
    Image.fromarray(cmyk, mode="CMYK").save(tmp_path / "a.tif")
    Image.fromarray(cmyk, mode="CMYK").save(tmp_path / "a.jpg", quality=98)
    shown = np.asarray(Image.fromarray(cmyk, mode="CMYK").convert("RGB")).astype(int)
    np.testing.assert_allclose(read_image(tmp_path / "a.tif").astype(int), shown, atol=1)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - shown).mean() < 4
    Image.fromarray(cmyk, mode="CMYK").save(tmp_path / "p.tif", icc_profile=b"profile")
    with pytest.raises(InputError, match=r"p\.tif.*CMYK.*printer"):
        read_image(tmp_path / "p.tif")


def test_palettes(tmp_path: Path) -> None:
    image = Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE, colors=50)
    image.save(tmp_path / "a.tif")
    shown = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(np.rint(255 * read_histology(tmp_path / "a.tif")), np.moveaxis(shown, -1, 0))
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif"), shown.any(axis=-1))
    # As CT its indices are grey values, of which programs show false colours.
    np.testing.assert_array_equal(read_ct(tmp_path / "a.tif"), np.asarray(image))
    assert read_header(tmp_path / "a.tif").palette


@pytest.mark.parametrize("kind", [8, 9, 10, 32803])
def test_other_colours_are_refused_by_their_name(tmp_path: Path, kind: int) -> None:
    names = {8: "CIELAB", 9: "ICCLAB", 10: "ITULAB", 32803: "CFA"}
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as tif:
        tif.pages.first.tags["PhotometricInterpretation"].overwrite(kind)
    for read in (read_header, read_image):
        with pytest.raises(InputError, match=f"{names[kind]} colours: convert it to 8-bit RGB"):
            read(tmp_path / "a.tif")


def test_twelve_bits_in_sixteen(tmp_path: Path) -> None:
    twelve = RGB.astype(np.uint16) * 16
    tifffile.imwrite(tmp_path / "silent.tif", twelve, photometric="rgb")
    with pytest.raises(InputError, match=r"silent\.tif.*12 bits kept in 16"):
        read_histology(tmp_path / "silent.tif")
    tifffile.imwrite(tmp_path / "tag.tif", twelve, photometric="rgb", extratags=[(281, 3, 3, (4095,) * 3, True)])
    # One rounding of the stretching to 16 bits.
    expected = np.moveaxis(twelve / 4095, -1, 0)
    np.testing.assert_allclose(read_histology(tmp_path / "tag.tif"), expected, atol=1.01 / 65535)


def test_white_is_zero_with_one_bit(tmp_path: Path) -> None:
    """As fax and scanning programs write masks."""
    mask = ROWS > 10
    tifffile.imwrite(tmp_path / "a.tif", ~mask, photometric="miniswhite")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.tif")), mask)
    np.testing.assert_array_equal(read_mask(tmp_path / "a.tif"), mask)


def test_three_channels_of_a_composite_are_named(tmp_path: Path) -> None:
    channels = np.moveaxis(RGB, -1, 0).copy()
    tifffile.imwrite(tmp_path / "a.tif", channels, imagej=True, metadata={"axes": "CYX", "mode": "composite"})
    tifffile.imwrite(tmp_path / "b.tif", channels, photometric="minisblack")  # three grey pages
    for name in ("a.tif", "b.tif"):
        with pytest.raises(InputError, match=r"three channels.*RGB Color"):
            read_histology(tmp_path / name)
