"""What stands in the sentence about a file that cannot be read."""

from __future__ import annotations

import errno
import gzip
import struct
import zlib
from pathlib import Path

import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image

from scripts.data.image.read import read_header, read_image
from scripts.errors import InputError
from scripts.files.opening import reading
from scripts.volume.read.reader import open_volume

PIXELS = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)


def test_a_picture_is_read_by_its_content(tmp_path: Path) -> None:
    Image.fromarray((PIXELS // 4).astype(np.uint8)).save(tmp_path / "a.jpg")
    tifffile.imwrite(tmp_path / "b.tif", PIXELS)
    Image.fromarray(PIXELS).save(tmp_path / "c.png")
    for name, other in (("a.jpg", "a.tif"), ("b.tif", "b.png"), ("c.png", "c.jpg")):
        expected = read_image(tmp_path / name)
        (tmp_path / name).rename(tmp_path / other)
        np.testing.assert_array_equal(read_image(tmp_path / other), expected)
        with open_volume(tmp_path / other) as volume:
            np.testing.assert_array_equal(volume.read(0, 1)[0], expected)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.nii", "a.nii.gz"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5 file in spite of its name: rename it to a.h5"),
        (b"PK\x03\x04" + bytes(600), "unpack it"),
        (b"RIFF\0\0\0\0WEBPVP8 " + bytes(600), "a WebP file in spite of its name: convert it"),
    ],
)
def test_other_content_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    for function in (read_header, read_image, open_volume):
        with pytest.raises(InputError) as caught:
            function(tmp_path / name)
        assert said in str(caught.value)
        assert str(tmp_path / name) in str(caught.value)


def test_nifti_that_is_compressed_or_not_in_spite_of_its_name(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Image(PIXELS, np.eye(4)), tmp_path / "a.nii")
    plain = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "plain.nii.gz").write_bytes(plain)
    (tmp_path / "gz.nii").write_bytes(gzip.compress(plain))
    for name, meant in (("plain.nii.gz", "plain.nii"), ("gz.nii", "gz.nii.gz")):
        with pytest.raises(InputError, match=f"rename it to {meant}\\."):
            open_volume(tmp_path / name)
        (tmp_path / name).rename(tmp_path / meant)
        with open_volume(tmp_path / meant) as volume:
            np.testing.assert_array_equal(volume.read(0, 1)[0], PIXELS.T)


def test_causes_that_are_not_the_files(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)
    for error, said in (
        (PermissionError(13, "Permission denied"), "change its permissions"),
        (MemoryError(), "does not fit into the memory"),
        (ValueError("<COMPRESSION.LERC: 34887> requires the 'imagecodecs' package"), "pip install -U imagecodecs"),
        (NotImplementedError("chroma subsampling not supported"), "not supported (chroma subsampling"),
        (OSError("unexpected end"), "truncated or damaged"),
    ):
        with pytest.raises(InputError) as caught, reading(tmp_path / "a.tif"):
            raise error
        assert said in str(caught.value)


def png_header(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + bytes(100)


def test_a_size_that_no_memory_holds_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png_header(2_000_000, 2_000_000))
    tifffile.imwrite(tmp_path / "b.tif", PIXELS, compression="zlib")
    with tifffile.TiffFile(tmp_path / "b.tif", mode="r+") as tif:
        for tag in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            tif.pages.first.tags[tag].overwrite(2_000_000)
    for name in ("a.png", "b.tif"):
        with pytest.raises(InputError, match=f"{name} says that it has 2000000 x 2000000.*memory are free"):
            read_image(tmp_path / name)


def test_a_jpeg_larger_than_pillow_likes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray((PIXELS // 4).astype(np.uint8)).save(tmp_path / "a.jpg")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # 768 are more than twice as many
    with pytest.raises(Image.DecompressionBombError):
        Image.open(tmp_path / "a.jpg")
    assert read_image(tmp_path / "a.jpg").shape == PIXELS.shape


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the refusal is put in by hand."""
    tifffile.imwrite(tmp_path / "a.tif", PIXELS)

    def refuse(*args: object, **more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("scripts.data.image.decode.content_of", refuse)
    with pytest.raises(InputError, match="permission denied"):
        read_image(tmp_path / "a.tif")


def test_a_damaged_file_of_its_own_kind_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\ntype: uint8\n")
    with pytest.raises(InputError) as caught:
        open_volume(tmp_path / "a.nrrd")
    assert "in spite of its name" not in str(caught.value)
    (tmp_path / "a.ims").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(600))
    with pytest.raises(InputError, match=r"rename it to a\.h5"):
        open_volume(tmp_path / "a.ims")
