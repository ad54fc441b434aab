"""Tests of opening slides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from bundle.pairs.slide.opening import open_slide
from bundle.synthetic.slides.files import write_slide
from scripts.errors import InputError


@pytest.fixture
def image() -> np.ndarray:
    rows, columns = np.indices((700, 900))
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1).astype(np.uint8) // 4 + 96


def test_pyramidal_ome_tiff(tmp_path: Path, image: np.ndarray) -> None:
    write_slide(tmp_path / "a.ome.tif", image, 0.25)
    slide = open_slide(tmp_path / "a.ome.tif")
    assert slide.sizes == ((700, 900), (350, 450))
    assert slide.pixel_um == pytest.approx(0.25)
    part = slide.part(0, 100, 200, 40, 50)
    assert part.shape == (40, 50, 3)
    assert np.abs(part.astype(int) - image[100:140, 200:250]).mean() < 4  # JPEG
    coarse = slide.part(1, 50, 100, 20, 25)
    assert np.abs(coarse.astype(float) - image[100:140, 200:250].reshape(20, 2, 25, 2, 3).mean((1, 3))).mean() < 4


def test_a_slide_may_not_say_how_large_its_pixels_are(tmp_path: Path, image: np.ndarray) -> None:
    write_slide(tmp_path / "a.ome.tif", image, None)
    assert open_slide(tmp_path / "a.ome.tif").pixel_um is None


def test_resolution_of_a_plain_tiff(tmp_path: Path, image: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", image, resolution=(20000, 20000), resolutionunit="CENTIMETER")
    slide = open_slide(tmp_path / "a.tif")
    assert slide.pixel_um == pytest.approx(0.5)  # 20000 pixels in 10 mm
    np.testing.assert_array_equal(slide.part(0, 5, 6, 7, 8), image[5:12, 6:14])


def test_dots_per_inch_of_a_screen_say_nothing(tmp_path: Path, image: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", image, resolution=(72, 72), resolutionunit="INCH")
    assert open_slide(tmp_path / "a.tif").pixel_um is None


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_plain_images(tmp_path: Path, image: np.ndarray, name: str) -> None:
    Image.fromarray(image).save(tmp_path / name, quality=95)
    slide = open_slide(tmp_path / name)
    assert slide.sizes == ((700, 900),)
    assert slide.pixel_um is None
    assert np.abs(slide.part(0, 9, 8, 30, 20).astype(int) - image[9:39, 8:28]).mean() < 4


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize(("channels", "said"), [(1, "is grey"), (4, "has 4 channels")])
def test_only_rgb_is_a_section(tmp_path: Path, image: np.ndarray, name: str, channels: int, said: str) -> None:
    pixels = image[..., 0] if channels == 1 else np.concatenate([image, image[..., :1]], axis=-1)
    if name.endswith("png"):
        Image.fromarray(pixels).save(tmp_path / name)
        said = said.replace("has 4 channels", "has transparent pixels")
    else:
        photometric = "minisblack" if channels == 1 else "rgb"
        tifffile.imwrite(tmp_path / name, pixels, photometric=photometric)
    with pytest.raises(InputError, match=said):
        open_slide(tmp_path / name)


def test_sixteen_bits(tmp_path: Path, image: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", image.astype(np.uint16), photometric="rgb")
    with pytest.raises(InputError, match="holds uint16 numbers"):
        open_slide(tmp_path / "a.tif")


def test_an_unreadable_level(tmp_path: Path, image: np.ndarray) -> None:
    """The file ends in the middle of the finest level's tiles: headers still open."""
    path = tmp_path / "a.ome.tif"
    write_slide(path, image, 1.0)
    with tifffile.TiffFile(path) as tif:
        page = tif.series[0].levels[0].keyframe
        place, count = page.dataoffsets[3], page.databytecounts[3]
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * count)
    slide = open_slide(path)
    with pytest.raises(InputError, match=r"Level 0 of .* cannot be read"):
        slide.part(0, 0, 0, 700, 900)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.svs"])
def test_nonsense(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no picture" * 20)
    with pytest.raises(InputError, match=r"a\.\w+ (cannot be opened|is no picture)"):
        open_slide(tmp_path / name)


def test_an_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "a.doc").write_bytes(b"x")
    with pytest.raises(InputError, match="no slide of a known kind"):
        open_slide(tmp_path / "a.doc")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_slide(tmp_path / "a.png")


def test_parts_of_a_level_lie_where_the_whole_has_them(tmp_path: Path) -> None:
    """Odd sides: a level's pixels are not quite as large as they claim to be."""
    image = np.random.default_rng(0).integers(0, 256, (2051, 701, 3)).astype(np.uint8)
    image = np.repeat(np.repeat(image[::16, ::16], 16, axis=0), 16, axis=1)[:2051, :701]  # JPEG keeps what is coarse
    write_slide(tmp_path / "a.ome.tif", image, 1.0)
    slide = open_slide(tmp_path / "a.ome.tif")
    for level, (height, width) in enumerate(slide.sizes):
        whole = slide.part(level, 0, 0, height, width)
        for top in range(0, height - 5, 37):
            np.testing.assert_array_equal(slide.part(level, top, 3, 5, 20), whole[top : top + 5, 3:23])


def test_omes_size_of_pixels_comes_first(tmp_path: Path, image: np.ndarray) -> None:
    """The resolution tag is about printing."""
    metadata = {"axes": "YXS", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    options: dict[str, Any] = {"resolution": (1200, 1200), "resolutionunit": "INCH"}
    tifffile.imwrite(tmp_path / "a.ome.tif", image, ome=True, metadata=metadata, photometric="rgb", **options)
    assert open_slide(tmp_path / "a.ome.tif").pixel_um == pytest.approx(0.5)


def test_planar_colours(tmp_path: Path, image: np.ndarray) -> None:
    planar = np.moveaxis(image, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", planar, photometric="rgb", planarconfig="separate")
    with pytest.raises(InputError, match="planar"):
        open_slide(tmp_path / "a.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.tif", "a.png", "pyramid.tif"])
def test_turned_as_its_tag_asks(tmp_path: Path, image: np.ndarray, name: str, orientation: int) -> None:
    plain = Image.fromarray(image)
    plain.getexif()[274] = orientation
    shown = np.asarray(ImageOps.exif_transpose(plain))
    asked = Image.Exif()
    asked[274] = orientation
    if name == "a.png":
        Image.fromarray(image).save(tmp_path / name, exif=asked)
    else:
        tags = [(274, 3, 1, orientation, True)]
        with tifffile.TiffWriter(tmp_path / name) as tif:
            for step in (1,) if name == "a.tif" else (1, 2):
                level = np.ascontiguousarray(image[::step, ::step])
                options: dict[str, Any] = {"photometric": "rgb", "metadata": None, "extratags": tags}
                tif.write(level, tile=(128, 128), subfiletype=int(step > 1), **options)
    slide = open_slide(tmp_path / name)
    assert slide.sizes[0] == shown.shape[:2]
    np.testing.assert_array_equal(slide.part(0, 31, 62, 200, 150), shown[31:231, 62:212])


def test_colours_of_other_kinds(tmp_path: Path, image: np.ndarray) -> None:
    for mode in ("YCbCr", "P"):
        converted = Image.fromarray(image).convert(mode)
        converted.save(tmp_path / "a.tif")
        part = open_slide(tmp_path / "a.tif").part(0, 9, 8, 30, 20).astype(int)
        shown = np.asarray(converted.convert("RGB")).astype(int)
        assert np.abs(part - shown[9:39, 8:28]).max() <= 2  # rounding of the conversion


def test_three_grey_channels_are_named(tmp_path: Path, image: np.ndarray) -> None:
    channels = np.moveaxis(image, -1, 0).copy()
    options: dict[str, Any] = {"photometric": "minisblack", "metadata": {"axes": "CYX"}}
    tifffile.imwrite(tmp_path / "a.ome.tif", channels, ome=True, **options)
    with pytest.raises(InputError, match=r"three grey channels.*RGB"):
        open_slide(tmp_path / "a.ome.tif")


@pytest.mark.parametrize("name", ["a.czi", "a.vsi", "a.isyntax", "a.dcm", "a.zarr"])
def test_other_slides_are_told_how_to_get_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="export it as RGB OME-TIFF"):
        open_slide(tmp_path / name)
