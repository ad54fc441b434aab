"""A copy of a volume that is sliced along other axes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.reader import open_volume
from scripts.volume.rechunk import SidewaysVolume, copy_in_cubes
from scripts.volume.volume import Volume

VOXELS = np.random.default_rng(0).integers(0, 60000, (5, 40, 70)).astype(np.uint16)  # up to three cubes a side
SIDEWAYS = {"y": VOXELS.transpose(1, 0, 2), "x": VOXELS.transpose(2, 0, 1)}


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    tifffile.imwrite(tmp_path / "scan.tif", VOXELS, photometric="minisblack")
    return open_volume(tmp_path / "scan.tif")


@pytest.mark.parametrize("axis", ["y", "x"])
def test_slices_are_those_along_the_axis(axis: str, volume: Volume, tmp_path: Path) -> None:
    with SidewaysVolume(copy_in_cubes(volume, tmp_path / "ct.h5"), axis, "scan.tif") as sideways:
        assert sideways.shape == SIDEWAYS[axis].shape and sideways.dtype == np.uint16
        for start, stop in ((0, sideways.shape[0]), (30, 35), (3, 4), (sideways.shape[0] - 1, sideways.shape[0])):
            np.testing.assert_array_equal(sideways.read(start, stop), SIDEWAYS[axis][start:stop])


@pytest.mark.parametrize("axis", ["y", "x"])
def test_each_layer_of_cubes_is_read_once(
    axis: str, volume: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = h5py.Dataset.__getitem__

    def counted(dataset: h5py.Dataset, place: object) -> np.ndarray:
        reads.append(place)
        return read(dataset, place)

    with SidewaysVolume(copy_in_cubes(volume, tmp_path / "ct.h5"), axis, "scan.tif") as sideways:
        monkeypatch.setattr(h5py.Dataset, "__getitem__", counted)
        for index in range(sideways.shape[0]):
            sideways.read(index, index + 1)
    assert len(reads) == {"y": 2, "x": 3}[axis]


def test_the_copy_holds_the_voxels(volume: Volume, tmp_path: Path) -> None:
    with h5py.File(copy_in_cubes(volume, tmp_path / "ct.h5")) as file:
        np.testing.assert_array_equal(file["ct"][()], VOXELS)
        assert file["ct"].chunks == (5, 32, 32)


def test_a_copy_that_is_there_is_kept(volume: Volume, tmp_path: Path) -> None:
    (tmp_path / "ct.h5").write_text("a copy")
    assert copy_in_cubes(volume, tmp_path / "ct.h5").read_text() == "a copy"


def test_half_a_copy_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "scan").mkdir()
    for z, image in enumerate(VOXELS):
        tifffile.imwrite(tmp_path / "scan" / f"{z}.tif", image)
    with open_volume(tmp_path / "scan") as volume:
        (tmp_path / "scan" / "4.tif").write_bytes(b"damaged")
        with pytest.raises(InputError, match="Slice 4 of 5"):
            copy_in_cubes(volume, tmp_path / "ct.h5")
        assert not (tmp_path / "ct.h5").exists()
        tifffile.imwrite(tmp_path / "scan" / "4.tif", VOXELS[4])
        with h5py.File(copy_in_cubes(volume, tmp_path / "ct.h5")) as file:
            np.testing.assert_array_equal(file["ct"][()], VOXELS)


def test_messages_name_the_original(volume: Volume, tmp_path: Path) -> None:
    sideways = SidewaysVolume(copy_in_cubes(volume, tmp_path / "ct.h5"), "y", "/data/scan.tif")
    sideways.close()
    with pytest.raises(InputError, match=r"/data/scan\.tif cannot be read"):
        sideways.read(0, 1)
