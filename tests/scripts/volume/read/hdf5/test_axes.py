"""Axes of HDF5 datasets that have names."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

VOXELS = np.arange(3 * 4 * 5, dtype=np.uint16).reshape(3, 4, 5)  # z, y, x
TAGS = json.dumps({"axes": [{"key": key} for key in "xyz"]})


@pytest.mark.parametrize("kind", ["nexus", "text", "axistags", "labels", "scales"])
def test_names_in_another_order(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("g/v", data=VOXELS.transpose(2, 1, 0))
        dataset.attrs["element_size_um"] = [2.0, 3.0, 5.0]
        if kind == "nexus":
            file["g"].attrs["axes"] = ["x", "y", "z"]
        elif kind == "text":
            dataset.attrs["axes"] = "x:y:z"
        elif kind == "axistags":
            dataset.attrs["axistags"] = TAGS
        elif kind == "scales":  # as netCDF
            for axis, name in enumerate("xyz"):
                file[name] = np.arange(float(VOXELS.shape[2 - axis]))
                file[name].make_scale()
                dataset.dims[axis].attach_scale(file[name])
        else:
            for axis, name in enumerate("xyz"):
                dataset.dims[axis].label = name
    with caplog.at_level(logging.WARNING), open_volume(path) as volume:
        assert volume.shape == (3, 4, 5)
        assert volume.spacing == pytest.approx((0.005, 0.003, 0.002))
        np.testing.assert_array_equal(volume.read(0, 3), VOXELS)
        open_volume(path).close()  # a run opens its volume several times
    assert caplog.text.count("its axes are x, y, z, slices lie across z; --axis chooses another") == 1


@pytest.mark.parametrize("kind", ["text", "scales"])
def test_voxel_size_from_the_values_along_the_axes(tmp_path: Path, kind: str) -> None:
    """NXtomoproc with the axes named at the dataset; netCDF with coordinates."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("g/v", data=VOXELS)
        for axis, (name, step) in enumerate({"z": 10.0, "y": 5.0, "x": 2.5}.items()):
            values = file.create_dataset(f"g/{name}", data=step * np.arange(VOXELS.shape[axis]))
            values.attrs["units"] = "micron"
            if kind == "scales":
                values.make_scale()
                dataset.dims[axis].attach_scale(values)
        if kind == "text":
            dataset.attrs["axes"] = "z:y:x"
    with open_volume(tmp_path / "a.h5") as volume:
        assert volume.spacing == pytest.approx((0.01, 0.005, 0.0025))


def test_points_are_no_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """NeXus: a point stands for an axis without values."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/v"] = VOXELS
        file["g"].attrs["axes"] = [".", ".", "."]
    with caplog.at_level(logging.WARNING), open_volume(tmp_path / "a.h5") as volume:
        np.testing.assert_array_equal(volume.read(0, 3), VOXELS)
    assert not caplog.text


@pytest.mark.parametrize("axes", [(3,), (0, 4)])
def test_one_channel_behind_the_volume(tmp_path: Path, axes: tuple[int, ...]) -> None:
    """zyxc and tzyxc, as ilastik exports; three sizes are those of z, y and x."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["v"] = np.expand_dims(VOXELS, axes)
        file["v"].attrs["element_size_um"] = [10.0, 5.0, 2.5]
    with open_volume(tmp_path / "a.h5") as volume:
        np.testing.assert_array_equal(volume.read(0, 3), VOXELS)
        assert volume.spacing == pytest.approx((0.01, 0.005, 0.0025))


@pytest.mark.parametrize("names", [["rotation_angle", "y", "x"], ["time", "y", "x"], ["energy", "y", "x"]])
def test_no_reconstruction(tmp_path: Path, names: list[str]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["g/v"] = VOXELS
        file["g"].attrs["axes"] = names
    with pytest.raises(InputError, match=f"has an axis {names[0]}, so it is no reconstruction"):
        open_volume(tmp_path / "a.h5")


def test_projections(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["exchange/data"], file["exchange/theta"] = VOXELS, np.arange(3.0)
    with pytest.raises(InputError, match="lies beside theta, so it holds projections"):
        open_volume(tmp_path / "a.h5")


def test_file_of_projections_and_flat_fields(tmp_path: Path) -> None:
    """As Data Exchange has them: no dataset is one that could be stained, unless its reconstruction lies there too."""
    path = tmp_path / "raw.h5"
    with h5py.File(path, "w") as file:
        for name in ("data", "data_white", "data_dark"):
            file[f"exchange/{name}"] = VOXELS
    with pytest.raises(InputError, match="holds projections: give the reconstruction"):
        open_volume(path)
    with h5py.File(path, "a") as file:
        file["reconstruction/data"] = VOXELS + 1
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.read(0, 3), VOXELS + 1)
