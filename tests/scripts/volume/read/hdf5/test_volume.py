"""HDF5 datasets: named, meant by NeXus's defaults, or the only one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from scripts.errors import InputError
from scripts.volume.read.reader import find_volumes, open_volume

VOXELS = np.arange(5 * 6 * 7, dtype=np.uint16).reshape(5, 6, 7)


def save(path: Path, **datasets: Any) -> Path:
    """Datasets by names in which two underscores stand for a slash."""
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name.replace("__", "/")] = values
    return path


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".hdf", ".nxs", ".nx", ".he5", ".H5"])
def test_the_only_dataset(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", scan__volume=VOXELS.astype(">u2"), scan__angles=np.arange(9), note="text")
    for source in (f"{path}", f"{path}:/scan/volume", f"{path}:scan", f"{path}:/"):
        with open_volume(source) as volume:
            assert volume.source == f"{path}:/scan/volume"
            assert volume.name == "a"
            assert volume.path == path
            assert volume.shape == VOXELS.shape
            assert volume.dtype == np.uint16
            assert volume.spacing is None
            for start, stop in ((0, 2), (1, 5), (0, 1)):
                np.testing.assert_array_equal(volume.read(start, stop), VOXELS[start:stop])
        with open_volume(volume.source) as again:
            assert again.name == "a"
        assert find_volumes(source) == [source]
    assert find_volumes(tmp_path) == [str(path)]


def test_nexus_default_and_its_axes(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nxs", raw__data=VOXELS + 1, entry__result__image=VOXELS)
    with h5py.File(path, "a") as file:
        file.attrs["default"], file["entry"].attrs["default"] = "entry", np.bytes_("result")
        group = file["entry/result"]
        group.attrs["signal"], group.attrs["axes"] = "image", ["z", "y", "x"]
        for name, values, unit in (("z", 5, "um"), ("y", -0.003, "mm"), ("x", 2000.0, "nm")):
            group[name] = 10 + values * np.arange(7)
            group[name].attrs["units"] = unit
    with open_volume(path) as volume:
        assert volume.name == "a"
        assert volume.source.endswith("a.nxs:/entry/result/image")
        np.testing.assert_allclose(np.asarray(volume.spacing), (0.005, 0.003, 0.002))
    with open_volume(f"{path}:/raw") as volume:
        assert volume.name == "a_data"
        assert volume.spacing is None
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS + 1)
    for change in ("uneven", "degrees"):
        with h5py.File(path, "a") as file:
            file["entry/result/z"][3] += 1.0 if change == "uneven" else -1.0
            file["entry/result/y"].attrs["units"] = "mm" if change == "uneven" else "degree"
        with open_volume(path) as volume:
            assert volume.spacing is None


def test_entry_data_data_and_linked_axes(tmp_path: Path) -> None:
    path = save(tmp_path / "a.h5", other=VOXELS + 1, detector__frames=VOXELS)
    with h5py.File(path, "a") as file:
        file["entry/data/data"] = h5py.SoftLink("/detector/frames")
    with open_volume(path) as volume:
        assert volume.source == f"{path}:/entry/data/data"
        assert volume.name == "a"
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS)


def test_element_size(tmp_path: Path) -> None:
    path = save(tmp_path / "a.h5", v=VOXELS)
    for sizes, spacing in (([5, 3, 2], (0.005, 0.003, 0.002)), ([5, 3], None), ([5, 3, 0], None)):
        with h5py.File(path, "a") as file:
            file["v"].attrs["element_size_um"] = np.array(sizes, np.float32)
        with open_volume(path) as volume:
            assert volume.spacing == pytest.approx(spacing) if spacing else volume.spacing is None


def test_dimensions(tmp_path: Path) -> None:
    stack = np.stack([VOXELS] * 2)
    path = save(tmp_path / "a.h5", two=VOXELS[0], five=VOXELS[None, None], four=stack, one=VOXELS[0, 0])
    with open_volume(path) as volume:  # length one does not count
        np.testing.assert_array_equal(volume.read(1, 3), VOXELS[1:3])
    with open_volume(f"{path}:/two") as volume:
        np.testing.assert_array_equal(volume.read(0, 1), VOXELS[:1])
    for name, text in (("four", "2 x 5 x 6 x 7"), ("one", "7")):
        with pytest.raises(InputError, match=f"a.h5:/{name} has the shape {text}, expected z, y and x"):
            open_volume(f"{path}:/{name}")


def test_choice_is_left_to_the_user(tmp_path: Path) -> None:
    path = save(tmp_path / "a.h5", **{f"g__v{index}": VOXELS for index in range(9)}, empty=np.zeros(3))
    listed = ", ".join(f"/g/v{index}" for index in range(8))
    for source in (path, f"{path}:/g"):
        with pytest.raises(InputError, match=rf"does not say which.*\({listed} and 1 more\), as in {path}:/g/v0"):
            open_volume(source)
    with pytest.raises(InputError, match=r"holds nothing at /h/v7.*\(/g/v7, "):
        open_volume(f"{path}:/h/v7")
    with pytest.raises(InputError, match="no 3D dataset of numbers"):
        open_volume(save(tmp_path / "b.h5", v=np.zeros(3)))
    with pytest.raises(InputError, match=r"gone.h5 does not exist"):
        find_volumes(tmp_path / "gone.h5:/v")
    with pytest.raises(InputError, match=r"c.h5:/v has pixels of type complex64"):
        open_volume(f"{save(tmp_path / 'c.h5', v=VOXELS.astype(np.complex64))}:/v")


def test_nan_passes(tmp_path: Path) -> None:
    voxels = np.where(VOXELS == 50, np.inf, VOXELS).astype(np.float32)
    with open_volume(save(tmp_path / "a.h5", v=voxels)) as volume:
        np.testing.assert_array_equal(volume.read(0, 5), voxels)


def test_damaged_chunk_names_the_slice(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("v", data=VOXELS, chunks=(2, 6, 7), compression="gzip")
        chunk = dataset.id.get_chunk_info(1)
    content = bytearray(path.read_bytes())
    content[chunk.byte_offset + 4 : chunk.byte_offset + chunk.size] = bytes(chunk.size - 4)
    path.write_bytes(content)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 2), VOXELS[:2])
        with pytest.raises(InputError, match=r"a.h5 cannot be read .slice 2 of 5"):
            volume.read(0, 5)


@pytest.mark.parametrize("share", [0.9, 0.3, 0.001])
def test_truncated_file_is_named(tmp_path: Path, share: float) -> None:
    path = save(tmp_path / "a.h5", v=VOXELS)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(InputError, match=r"a.h5 cannot be read"):
        open_volume(path)


def test_old_library_without_locking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.h5", v=VOXELS)
    opened = h5py.File

    def old(name: Path, mode: str) -> h5py.File:
        return opened(name, mode)

    monkeypatch.setattr("scripts.volume.read.hdf5.volume.h5py.File", old)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 5), VOXELS)
