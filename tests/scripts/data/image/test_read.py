"""2D images: one axis convention for every format, and bad files named."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import imagecodecs
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.read import read_ct, read_header, read_histology, read_image, read_mask
from scripts.data.load import LoadPaird
from scripts.errors import InputError

# Asymmetric in every way: no flip, turn or transposition leaves it as it is.
GREY = (np.arange(5 * 7, dtype=np.uint16).reshape(5, 7) * 7 + 3).astype(np.uint8)
RGB = np.stack([GREY, 255 - GREY, GREY // 2], axis=-1)


def write_ct(path: Path, pixels: np.ndarray) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels)
    elif path.suffix == ".png":
        Image.fromarray(pixels).save(path)
    else:  # NIfTI stores (X, Y), here with the two trailing axes of length one that some writers add
        nibabel.save(nibabel.Nifti1Image(pixels.T[:, :, None, None], np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    return path


def write_histology(path: Path, pixels: np.ndarray) -> Path:
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels, photometric="rgb")
    else:
        path.write_bytes(imagecodecs.png_encode(pixels))
    return path


def damaged(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize(
    ("ct_format", "ct_type", "stain_format", "stain_type"),
    list(itertools.product([".tif", ".png", ".nii", ".nii.gz"], ["u1", "u2"], [".tif", ".png"], ["u1", "u2"])),
)
def test_pair_of_any_two_formats_has_the_same_axes(
    tmp_path: Path, ct_format: str, ct_type: str, stain_format: str, stain_type: str
) -> None:
    # 257 times an 8-bit value is the same share of 65535 as the value is of 255.
    stain = RGB.astype(stain_type) * (257 if stain_type == "u2" else 1)
    item = LoadPaird()(
        {
            "image": str(write_ct(tmp_path / f"ct{ct_format}", GREY.astype(ct_type))),
            "label": str(write_histology(tmp_path / f"stain{stain_format}", stain.astype(stain_type))),
        }
    )
    np.testing.assert_array_equal(np.asarray(item["image"]), GREY[None].astype(np.float32))
    # One rounding of the division in float32.
    np.testing.assert_allclose(np.asarray(item["label"]), np.moveaxis(RGB, -1, 0) / 255, atol=1e-7)
    header = read_header(tmp_path / f"ct{ct_format}")
    assert (header.height, header.width, header.channels, header.dtype) == (5, 7, 1, np.dtype(ct_type).name)
    assert read_header(tmp_path / f"stain{stain_format}").channels == 3


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8", ">u2", ">i2", ">f4", ">f8"])
@pytest.mark.parametrize("suffix", [".tif", ".nii.gz"])
def test_grey_types_and_byte_orders(tmp_path: Path, dtype: str, suffix: str) -> None:
    pixels = GREY.astype(np.dtype(dtype).newbyteorder("="))
    path = tmp_path / f"ct{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, pixels, byteorder=">" if dtype[0] == ">" else "<")
    else:
        header = nibabel.Nifti1Header(endianness=">" if dtype[0] == ">" else "<")
        header.set_data_dtype(pixels.dtype)
        nibabel.save(nibabel.Nifti1Image(pixels.T, np.eye(4), header), path)
    read = read_image(path)
    assert read.dtype == pixels.dtype
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, pixels)
    assert read_ct(path).dtype == np.float32


def test_nifti_rescaling(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(GREY.T.astype(np.int16), np.eye(4))
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, tmp_path / "ct.nii")
    # Slope and intercept as a header asks for them; nibabel would otherwise fit its own when it saves.
    content = bytearray((tmp_path / "ct.nii").read_bytes())
    content[112:120] = np.array([0.5, -10], "<f4").tobytes()
    (tmp_path / "ct.nii").write_bytes(content)
    np.testing.assert_allclose(read_ct(tmp_path / "ct.nii"), GREY * 0.5 - 10)
    assert read_header(tmp_path / "ct.nii").dtype == "float32"


def test_min_is_white_is_inverted(tmp_path: Path) -> None:
    for dtype, expected in (("u1", 255 - GREY), ("u2", 65535 - GREY.astype("u2")), ("i2", -1 - GREY.astype("i2"))):
        tifffile.imwrite(tmp_path / "a.tif", GREY.astype(dtype), photometric="miniswhite")
        np.testing.assert_array_equal(read_image(tmp_path / "a.tif"), expected)
    tifffile.imwrite(tmp_path / "float.tif", GREY.astype("f4"), photometric="miniswhite")
    with pytest.raises(InputError, match=r"float.tif.*white-is-zero"):
        read_image(tmp_path / "float.tif")


def test_planar_tiff_jpeg_and_palette(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "p.tif", np.moveaxis(RGB, -1, 0).copy(), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "p.tif"), RGB)
    flat = np.full((16, 24, 3), (200, 100, 50), np.uint8)
    Image.fromarray(flat).save(tmp_path / "p.jpg", quality=95)
    assert read_image(tmp_path / "p.jpg").shape == flat.shape
    # JPEG is lossy: two grey levels for its colour conversion.
    np.testing.assert_allclose(read_image(tmp_path / "p.jpg").astype(int), flat, atol=2)
    Image.fromarray(RGB).convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "p.png")
    assert read_image(tmp_path / "p.png").shape == RGB.shape


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_alpha(tmp_path: Path, suffix: str) -> None:
    for alpha, name in ((255, "opaque"), (7, "clear")):
        rgba = np.dstack([RGB, np.full_like(GREY, alpha)])
        if suffix == ".png":
            Image.fromarray(rgba).save(tmp_path / f"{name}.png")
        else:
            tifffile.imwrite(tmp_path / f"{name}.tif", rgba, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read_image(tmp_path / f"opaque{suffix}"), RGB)
    with pytest.raises(InputError, match=r"clear.*transparent"):
        read_histology(tmp_path / f"clear{suffix}")


def test_mask(tmp_path: Path) -> None:
    Image.fromarray((GREY > 100).astype(np.uint8) * 255).convert("1").save(tmp_path / "m.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), (GREY > 100).astype(np.float32))
    Image.fromarray(np.zeros_like(GREY)).save(tmp_path / "none.png")
    with pytest.raises(InputError, match=r"none.png"):
        read_mask(tmp_path / "none.png")


def bad_ct(tmp_path: Path, case: str) -> Path:
    path = tmp_path / f"{case}.tif"
    if case == "rgb":
        tifffile.imwrite(path, RGB, photometric="rgb")
    elif case == "volume":
        tifffile.imwrite(path, np.stack([GREY] * 4), photometric="minisblack")
    elif case == "sizes":
        with tifffile.TiffWriter(path) as tif:
            tif.write(GREY, metadata=None)
            tif.write(GREY[:-1], metadata=None)
    elif case in ("nan", "inf"):
        pixels = GREY.astype(np.float32)
        pixels[2, 3] = float(case)
        tifffile.imwrite(path, pixels)
    elif case == "constant":
        tifffile.imwrite(path, np.full((5, 7), 9, np.uint16))
    elif case in ("bool", "complex64"):
        tifffile.imwrite(path, GREY.astype(case))
    elif case == "format":
        path = tmp_path / "format.gif"
        Image.fromarray(GREY).save(path)
    elif case == "folder":
        path = tmp_path / "folder.tif"
        path.mkdir()
    elif case in ("nii4d", "nii3d", "niicomplex", "niirgb"):
        path = tmp_path / f"{case}.nii.gz"
        arrays = {
            "nii4d": np.zeros((3, 4, 5, 2), np.uint8),
            "nii3d": np.zeros((3, 4, 5), np.uint8),
            "niicomplex": GREY.astype(np.complex64),
            "niirgb": np.ascontiguousarray(RGB).view([(c, "u1") for c in "RGB"])[..., 0],
        }
        nibabel.save(nibabel.Nifti1Image(arrays[case], np.eye(4)), path)
    return path


@pytest.mark.parametrize(
    ("case", "remedy"),
    [
        ("rgb", "convert it to greyscale"),
        ("volume", "one slice per file"),
        ("sizes", "separate files"),
        ("nan", "replace them"),
        ("inf", "replace them"),
        ("constant", "export the slice again"),
        ("bool", "convert it"),
        ("complex64", "convert it"),
        ("format", "expected .tif"),
        ("folder", "give the path of a file"),
        ("nii4d", "one slice per file"),
        ("nii3d", "one slice per file"),
        ("niicomplex", "convert it"),
        ("niirgb", "convert it to greyscale"),
        ("missing", "check the path"),
    ],
)
def test_bad_ct_is_named_with_a_remedy(tmp_path: Path, case: str, remedy: str) -> None:
    path = bad_ct(tmp_path, case)
    with pytest.raises(InputError) as caught:
        read_ct(path)
    assert str(path) in str(caught.value)
    assert remedy in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.98, 0.5, 0.05])
@pytest.mark.parametrize("name", ["a.tif", "zlib.tif", "a.png", "rgb16.png", "a.jpg", "a.nii", "a.nii.gz"])
def test_truncated_file_is_named(tmp_path: Path, name: str, share: float) -> None:
    pixels = np.random.default_rng(0).integers(0, 65535, (64, 48)).astype(np.uint16)
    path = tmp_path / name
    if name == "rgb16.png":
        write_histology(path, np.dstack([pixels] * 3))
    elif name == "zlib.tif":
        tifffile.imwrite(path, pixels, compression="zlib")
    elif name == "a.jpg":
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    else:
        write_ct(path, pixels)
    with pytest.raises(InputError, match=str(path)):
        read_image(damaged(path, share))


def test_text_under_an_image_name(tmp_path: Path) -> None:
    for name in ("a.tif", "a.png", "a.jpg", "a.nii", "a.nii.gz"):
        (tmp_path / name).write_text("not an image")
        for function in (read_image, read_header):
            with pytest.raises(InputError, match=name):
                function(tmp_path / name)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(b"neither"))
    with pytest.raises(InputError, match=r"b.nii.gz"):
        read_image(tmp_path / "b.nii.gz")


def test_bad_histology(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    tifffile.imwrite(tmp_path / "float.tif", RGB.astype(np.float32), photometric="rgb")
    Image.fromarray(np.full_like(RGB, 200)).save(tmp_path / "constant.png")
    for name, remedy in (("grey.png", "8-bit RGB"), ("float.tif", "convert it"), ("constant.png", "again")):
        with pytest.raises(InputError, match=f"{name}.*{remedy}"):
            read_histology(tmp_path / name)


def test_load_paird(tmp_path: Path) -> None:
    ct = str(write_ct(tmp_path / "ct.tif", GREY))
    stain = str(write_histology(tmp_path / "stain.png", RGB))
    Image.fromarray((GREY > 100).astype(np.uint8)).save(tmp_path / "mask.png")
    item = LoadPaird()({"image": ct, "label": stain, "mask": str(tmp_path / "mask.png"), "specimen": "S"})
    assert item["image"].meta["filename_or_obj"] == ct
    assert item["label"].meta["filename_or_obj"] == stain
    assert item["specimen"] == "S"
    np.testing.assert_array_equal(np.asarray(item["mask"]), (GREY > 100)[None].astype(np.float32))
    alone = LoadPaird()({"image": ct})
    assert "label" not in alone
    assert alone["mask"].shape == (1, 5, 7)
    assert alone["mask"].min() == 1
    other = str(write_histology(tmp_path / "other.png", RGB[:-1]))
    with pytest.raises(InputError, match=r"other.png.*resample"):
        LoadPaird()({"image": ct, "label": other})
