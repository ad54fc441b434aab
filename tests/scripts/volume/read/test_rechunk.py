"""A copy of a volume that is sliced along other axes."""

from __future__ import annotations

import binascii
import contextlib
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume
from scripts.volume.read.rechunk import SidewaysVolume, copy_in_cubes
from scripts.volume.read.volume import Volume

resource: Any = None
with contextlib.suppress(ImportError):  # Windows
    import resource

VOXELS = np.random.default_rng(0).integers(0, 60000, (5, 40, 70)).astype(np.uint16)  # up to three cubes a side
SIDEWAYS = {"y": VOXELS.transpose(1, 0, 2), "x": VOXELS.transpose(2, 0, 1)}


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    tifffile.imwrite(tmp_path / "scan.tif", VOXELS, photometric="minisblack")
    return open_volume(tmp_path / "scan.tif")


def sideways_of(volume: Volume, copy: Path, axis: str, name: str = "scan.tif") -> SidewaysVolume:
    return SidewaysVolume(copy_in_cubes(volume, copy), volume.shape, volume.dtype, axis, name)


@pytest.mark.parametrize("axis", ["y", "x"])
def test_slices_are_those_along_the_axis(axis: str, volume: Volume, tmp_path: Path) -> None:
    with sideways_of(volume, tmp_path / "ct.cubes", axis) as sideways:
        assert sideways.shape == SIDEWAYS[axis].shape
        assert sideways.dtype == np.uint16
        for start, stop in ((0, sideways.shape[0]), (30, 35), (3, 4), (sideways.shape[0] - 1, sideways.shape[0])):
            np.testing.assert_array_equal(sideways.read(start, stop), SIDEWAYS[axis][start:stop])


@pytest.mark.parametrize("axis", ["y", "x"])
def test_each_cube_is_read_once(axis: str, volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = SidewaysVolume._cube

    def counted(self: SidewaysVolume, *place: int) -> np.ndarray:
        reads.append(place)
        return read(self, *place)

    monkeypatch.setattr(SidewaysVolume, "_cube", counted)
    with sideways_of(volume, tmp_path / "ct.cubes", axis) as sideways:
        for index in range(sideways.shape[0]):
            sideways.read(index, index + 1)
    assert sorted(reads) == [(0, y, x) for y in range(2) for x in range(3)]


def test_the_copy_holds_the_voxels_and_their_checksums(volume: Volume, tmp_path: Path) -> None:
    """Cubes of 5 x 32 x 32, two times three of them, x fastest; the last along y has 8 rows, the last along x 6."""
    content = copy_in_cubes(volume, tmp_path / "ct.cubes").read_bytes()
    cubes = np.frombuffer(content[: -6 * 4], np.uint16).reshape(2, 3, 5, 32, 32)
    np.testing.assert_array_equal(cubes[1, 2, :, :8, :6], VOXELS[:, 32:, 64:])
    assert not cubes[1, 2, :, 8:].any()
    assert not cubes[1, 2, :, :, 6:].any()
    checksums = np.frombuffer(content[-6 * 4 :], "<u4")
    assert checksums.tolist() == [binascii.crc32(cube.tobytes()) for cube in cubes.reshape(6, -1)]


def test_a_copy_that_is_there_is_kept(volume: Volume, tmp_path: Path) -> None:
    copy = copy_in_cubes(volume, tmp_path / "ct.cubes")
    time = copy.stat().st_mtime_ns
    assert copy_in_cubes(volume, copy).stat().st_mtime_ns == time


@pytest.mark.parametrize("left", [0, 1000])
def test_a_copy_that_is_cut_short_is_made_anew(left: int, volume: Volume, tmp_path: Path) -> None:
    whole = copy_in_cubes(volume, tmp_path / "ct.cubes").read_bytes()
    (tmp_path / "ct.cubes").write_bytes(whole[:left])
    assert copy_in_cubes(volume, tmp_path / "ct.cubes").read_bytes() == whole


@pytest.mark.parametrize("place", [0, 40_000, -1])
def test_a_flipped_bit_is_noticed(place: int, volume: Volume, tmp_path: Path) -> None:
    content = bytearray(copy_in_cubes(volume, tmp_path / "ct.cubes").read_bytes())
    content[place] ^= 1
    (tmp_path / "ct.cubes").write_bytes(content)
    expected = pytest.raises(InputError, match=r"ct\.cubes, a copy of scan\.tif, was damaged .*remove that file")
    with sideways_of(volume, tmp_path / "ct.cubes", "y") as sideways, expected:
        sideways.read(0, sideways.shape[0])


@pytest.mark.skipif(resource is None, reason="no limits on this system")
def test_a_full_disk_is_a_sentence(volume: Volume, tmp_path: Path) -> None:
    """A limit on the size of files refuses it as a full disk does; 5 x 64 x 96 voxels and 6 checksums take 61 kB."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(
            InputError, match=r"scan\.tif .* takes 1 MB, cannot be written .*: free some space and repeat"
        ):
            copy_in_cubes(volume, tmp_path / "ct.cubes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [path.name for path in tmp_path.iterdir()] == ["scan.tif"]


def test_half_a_copy_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "scan").mkdir()
    for z, image in enumerate(VOXELS):
        tifffile.imwrite(tmp_path / "scan" / f"{z}.tif", image)
    with open_volume(tmp_path / "scan") as volume:
        (tmp_path / "scan" / "4.tif").write_bytes(b"damaged")
        with pytest.raises(InputError, match="Slice 4 of 5"):
            copy_in_cubes(volume, tmp_path / "ct.cubes")
        assert not (tmp_path / "ct.cubes").exists()
        tifffile.imwrite(tmp_path / "scan" / "4.tif", VOXELS[4])
        with sideways_of(volume, tmp_path / "ct.cubes", "y") as sideways:
            np.testing.assert_array_equal(sideways.read(0, 40), SIDEWAYS["y"])


def test_messages_name_the_original(volume: Volume, tmp_path: Path) -> None:
    sideways = sideways_of(volume, tmp_path / "ct.cubes", "y", "/data/scan.tif")
    sideways.close()
    with pytest.raises(InputError, match=r"/data/scan\.tif cannot be read"):
        sideways.read(0, 1)
