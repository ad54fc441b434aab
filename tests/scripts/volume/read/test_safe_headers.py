"""Headers and paths that lead elsewhere, or promise what is not there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

RAW = bytes(48)
META = "ObjectType = Image\n{axes}\nElementType = MET_USHORT\n{line}ElementDataFile = {data}\n"
NRRD = "NRRD0004\ntype: uint16\ndimension: 3\nsizes: {sizes}\nencoding: raw\nendian: little\n{line}\n"
AXES = "NDims = 3\nDimSize = 4 3 2"


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.raw", "link.raw", "pipe.raw", "inner/a.raw"])
def test_voxels_elsewhere(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "secret.raw").write_bytes(RAW)
    (folder / "inner/a.raw").write_bytes(RAW)
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    os.mkfifo(folder / "pipe.raw")
    (folder / "a.mhd").write_text(META.format(axes=AXES, line="", data=name))
    (folder / "a.nhdr").write_text(NRRD.format(sizes="4 3 2", line=f"data file: {name}\n"))
    for header in ("a.mhd", "a.nhdr"):
        with pytest.raises(InputError, match=f"{header} has its voxels in .*(plain name|itself there)"):
            open_volume(folder / header)


@pytest.mark.parametrize("line", ["line skip: 999999999", "line skip: -1", "byte skip: -2", "byte skip: 99999"])
def test_skips(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(NRRD.format(sizes="4 3 2", line=line + "\n").encode() + RAW)
    with pytest.raises(InputError, match=r"a.nrrd"):
        open_volume(tmp_path / "a.nrrd")


@pytest.mark.parametrize(
    ("axes", "line"),
    [
        ("NDims = 1000000\nDimSize = 4 3 2", ""),
        ("NDims = 3\nDimSize = 4 3 -2", ""),
        ("NDims = 3\nDimSize = 40000 30000 20000", ""),
        (AXES, "HeaderSize = -7\n"),
        (AXES, "HeaderSize = 1000000\n"),
    ],
)
def test_sizes(tmp_path: Path, axes: str, line: str) -> None:
    (tmp_path / "a.mha").write_bytes(META.format(axes=axes, line=line, data="LOCAL").encode() + RAW)
    with pytest.raises(InputError, match=r"a.mha"):
        open_volume(tmp_path / "a.mha")


def test_devices_pipes_and_addresses(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    (tmp_path / "zero.tif").symlink_to("/dev/zero")
    for source in (tmp_path / "pipe.tif", tmp_path / "zero.tif", "/dev/zero"):
        with pytest.raises(InputError, match="device, pipe or socket"):
            open_volume(source)
    with pytest.raises(InputError, match="download it first"):
        find_volumes("https://example.org/scan.tif")


def test_links_are_followed_before_going_up(tmp_path: Path) -> None:
    (tmp_path / "real/inner").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/link").symlink_to(tmp_path / "real/inner")
    voxels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    tifffile.imwrite(tmp_path / "real/v.tif", voxels, photometric="minisblack")
    tifffile.imwrite(tmp_path / "other/v.tif", voxels + 100, photometric="minisblack")
    source = tmp_path / "other/link/../v.tif"
    assert find_volumes(source) == [str(tmp_path.resolve() / "real/v.tif")]
    with open_volume(source) as volume:
        np.testing.assert_array_equal(volume.read(0, 2), voxels)


def test_sentence_stays_on_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb.xyz").touch()
    with pytest.raises(InputError) as caught:
        open_volume(tmp_path / "a\nb.xyz")
    assert "\n" not in str(caught.value)
    assert "a\\nb.xyz" in str(caught.value)
