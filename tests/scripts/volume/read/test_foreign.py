"""Formats that are not read: what is said works when it is followed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

VOXELS = np.arange(60, dtype="<u2").reshape(3, 4, 5)
SIGNED = np.arange(-30, 30, dtype="<i2").reshape(3, 4, 5)  # as Scanco's ISQ and AIM have


@pytest.mark.parametrize(
    ("name", "voxels"), [("a.raw", VOXELS), ("a.vol", VOXELS), ("C0001.ISQ;1", SIGNED), ("a.aim", SIGNED)]
)
def test_lines_of_the_header_work(tmp_path: Path, name: str, voxels: np.ndarray) -> None:
    (tmp_path / name).write_bytes(bytes(512) + voxels.tobytes())
    with pytest.raises(InputError) as caught:
        open_volume(tmp_path / name)
    message = str(caught.value)
    lines = re.findall('"([^"]*)"', message)
    assert lines[1:3] == ["NDims = 3", "DimSize = X Y Z"]
    header = tmp_path / re.findall(r"text file (\S+\.mhd)", message)[0]
    text = "\n".join(lines) + "\n"
    header.write_text(text.replace("DX DY DZ", "0.002 0.003 0.005").replace("X Y Z", "5 4 3"))
    with open_volume(header) as volume:
        np.testing.assert_array_equal(volume.read(0, 3), voxels)
        assert volume.spacing == (0.005, 0.003, 0.002)


@pytest.mark.parametrize("name", ["IM1.dcm", "IM1"])
def test_dicom(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(128) + b"DICM" + bytes(99))
    (tmp_path / "picture.jpg").touch()
    for source in (tmp_path / name, tmp_path):
        with pytest.raises(InputError, match=r"DICOM.*dcm2niix"):
            open_volume(source)
    with pytest.raises(InputError, match=r"The folder .*DICOM.*dcm2niix"):
        find_volumes(tmp_path)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.vgi", "a.vol"),
        ("a.xtekct", "a.vol"),
        ("a.npy", "tifffile.imwrite"),
        ("a.mrc", "tifffile.imwrite"),
        ("a.mat", "tifffile.imwrite"),
        ("a.txm", "TIFF slices"),
        ("a.am", "nrrd"),
        ("a.czi", "OME-TIFF"),
        ("a.nii.zip", "unpack"),
        ("a.tif.gz", "unpack"),
    ],
)
def test_other_formats(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(b"12345678")
    for source in (tmp_path, tmp_path / name):
        with pytest.raises(InputError, match=f"{name}.*{remedy}"):
            open_volume(source)


def test_advice_for_arrays_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "a.npy", VOXELS)
    with pytest.raises(InputError) as caught:
        open_volume(tmp_path / "a.npy")
    code = re.findall(r"tifffile.imwrite\(.*\"\)", str(caught.value))[0]
    monkeypatch.chdir(tmp_path)
    exec(f"import numpy, tifffile; {code}")
    with open_volume(tmp_path / "a.tif", voxel_um=5) as volume:
        np.testing.assert_array_equal(volume.read(0, 3), VOXELS)
