"""Staining volumes whose voxels have another size than the network's, from the plan to the outputs."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.utils import CommonKeys as Keys

from scripts.data.padding import NO_PADDING
from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.handlers import VolumeWriter
from scripts.networks import StainGenerator
from scripts.networks.trained_on import TrainedOn
from scripts.volume import SlabDataset, plan_stainings, slabs_to_stain
from scripts.volume.grid.resampled import ResampledVolume, Resampling
from scripts.volume.read.reader import open_volume

LO, HI = 1000.0, 9000.0
RNG = np.random.default_rng(3)
Z, Y, X = np.meshgrid(np.arange(13), np.arange(70), np.arange(90), indexing="ij")
SMOOTH = 5000 + 3000 * np.sin(Z / 5) * np.cos(Y / 9) * np.sin(X / 11 + 1)
SCAN = (SMOOTH + RNG.normal(0, 200, SMOOTH.shape)).round()


class Engine:
    """As much of Ignite's engine as the writer looks at."""

    def __init__(self, batch: Any, output: Any) -> None:
        self.state = type("State", (), {"batch": batch, "output": output})


def network(pixel_um: float | None = 5.0) -> StainGenerator:
    made = StainGenerator((2, 2, 2), 0)
    made.set_windowing((LO, HI), (0.5, 99.5))
    made.trained_on = TrainedOn(pixel_um=pixel_um)
    return made


def paint(image: torch.Tensor) -> torch.Tensor:
    """Levels of the windowed CT, their negative, and a constant."""
    level = (image * 255).round()
    return torch.cat([level, 255 - level, torch.full_like(level, 9)], dim=1).byte()


def write(folder: Path, scan: np.ndarray = SCAN, dtype: str = "uint16") -> Path:
    folder.mkdir(exist_ok=True)
    tifffile.imwrite(folder / "scan.tif", scan.astype(dtype), photometric="minisblack")
    (folder / "model.pt").write_bytes(b"weights")
    return folder / "scan.tif"


def stain(
    source: Path, out: Path, last: int | None = None, pixel_um: float | None = 5.0, **options: Any
) -> dict[str, Any]:
    """Stain a volume, or its first slabs only; returns the record, {} of an unfinished one."""
    usual = {"slab_size": 4, "voxel_um": 2.5, "slice_average": [1, 2, 1], "ct_window": [LO, HI]}
    stainings = plan_stainings(source, out, network(pixel_um), source.parent / "model.pt", **{**usual, **options})
    writer = VolumeWriter(stainings)
    dataset = SlabDataset(slabs_to_stain(stainings), WindowCTd("image"))
    for index in range(len(dataset) if last is None else last):
        slab = dataset[index]
        writer(Engine(slab, {Keys.PRED: paint(slab[Keys.IMAGE])}))
    writer._settle()
    if last is not None:
        return {}
    writer.finish()
    return dict(json.loads((out / "scan_stain.json").read_text()))


def zarr_of(folder: Path) -> dict[str, bytes]:
    """The stain alone: the picture says what the weights know."""
    return {name: content for name, content in files_of(folder).items() if not name.endswith(".png")}


def voxels(out: Path) -> np.ndarray:
    return np.moveaxis(zarr.open_group(str(out / "scan_stain.ome.zarr"), mode="r")["0"][:], 0, -1)


def expected(source: Path, shape: tuple[int, int, int], nan_value: float = LO) -> np.ndarray:
    """Resampled, averaged with the neighbours, windowed, painted, all at once."""
    with open_volume(source) as volume:
        volume = ResampledVolume(volume, Resampling(shape, (LO, HI), nan_value, NO_PADDING))
        values = volume.read(0, shape[0])
    padded = np.concatenate([values[:1], values, values[-1:]])
    mean = padded[1:-1] * np.float32(0.5) + padded[:-2] * np.float32(0.25) + padded[2:] * np.float32(0.25)
    return np.asarray(np.clip(mean / (HI - LO), 0, 1) * 255)


def files_of(folder: Path) -> dict[str, bytes]:
    """All but the record, which has times."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".json"
    }


class TestOnTheNetworksGrid:
    @pytest.mark.parametrize(
        ("voxel_um", "shape"),
        [(2.5, (6, 35, 45)), (7.5, (20, 105, 135)), ([20, 5, 5], (52, 70, 90)), ([5, 6, 5], (13, 84, 90))],
    )
    def test_the_stain_is_that_of_the_resampled_scan(self, voxel_um: Any, shape: Any, tmp_path: Path) -> None:
        wide = np.tile(SCAN, (1, 2, 2))  # 35 rows would be too few
        source, shape = write(tmp_path, wide), (shape[0], 2 * shape[1], 2 * shape[2])
        record = stain(source, tmp_path / "out", voxel_um=voxel_um)
        red = voxels(tmp_path / "out")[..., 0].astype(float)
        np.testing.assert_allclose(red, expected(source, shape), atol=0.51)  # rounded
        sides = np.broadcast_to(voxel_um, 3) * wide.shape / np.array(shape)
        for grid in (record["grids"]["network"], record["grids"]["output"]):
            assert grid["shape_zyx"] == list(shape)
            assert grid["voxel_size_zyx_um"] == pytest.approx(sides)
        assert record["grids"]["resampled"]
        assert record["input"]["shape_zyx"] == list(wide.shape)
        assert record["input"]["voxel_size_zyx_um"] == pytest.approx(np.broadcast_to(voxel_um, 3))

    @pytest.mark.parametrize("voxel_um", [5.0, 4.86, 5.14, [5.1, 4.9, 5]])
    def test_within_three_per_cent_nothing_changes(self, voxel_um: Any, tmp_path: Path) -> None:
        source = write(tmp_path)
        stain(source, tmp_path / "unknown", pixel_um=None, voxel_um=voxel_um)
        record = stain(source, tmp_path / "out", voxel_um=voxel_um)
        assert zarr_of(tmp_path / "out") == zarr_of(tmp_path / "unknown")
        assert not record["grids"]["resampled"]

    def test_of_unknown_size_nothing_changes_and_it_is_said_once(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        source = write(tmp_path)
        stain(source, tmp_path / "none", pixel_um=None, voxel_um=None)
        caplog.clear()
        stain(source, tmp_path / "out", voxel_um=None)
        assert zarr_of(tmp_path / "out") == zarr_of(tmp_path / "none")
        said = [entry.message for entry in caplog.records if entry.levelno == logging.WARNING]
        assert sum("5 um" in line and "--voxel_um" in line for line in said) == 1

    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
    def test_types(self, dtype: str, tmp_path: Path) -> None:
        scan = np.tile(SCAN, (1, 2, 2)) * (1 / 40 if dtype == "uint8" else 1)
        source = write(tmp_path, scan, dtype)
        window = [LO / 40, HI / 40] if dtype == "uint8" else [LO, HI]
        stain(source, tmp_path / "out", ct_window=window)
        write(tmp_path / "f", scan.astype(dtype), "float64" if dtype == "float32" else "float32")
        stain(tmp_path / "f" / "scan.tif", tmp_path / "f" / "out", ct_window=window)
        np.testing.assert_array_equal(voxels(tmp_path / "out"), voxels(tmp_path / "f" / "out"))

    @pytest.mark.parametrize("axis", ["z", "y", "all"])
    def test_nan_is_replaced_before_it_can_spread_and_counted(
        self, axis: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        scan = np.tile(SCAN, (1, 2, 2)).astype(np.float32)
        scan[3, 20:30, 40:50] = np.nan
        source = write(tmp_path, scan, "float32")
        record = stain(source, tmp_path / "out", axis=axis)
        write(tmp_path / "filled", np.where(np.isnan(scan), LO, scan), "float32")
        stain(tmp_path / "filled" / "scan.tif", tmp_path / "filled" / "out", axis=axis)
        np.testing.assert_array_equal(voxels(tmp_path / "out"), voxels(tmp_path / "filled" / "out"))
        assert record["not_finite"]["voxels"] == 100
        assert any("100 voxels were NaN" in entry.message for entry in caplog.records)

    def test_a_single_slice_stays_one(self, tmp_path: Path) -> None:
        source = write(tmp_path, np.tile(SCAN[:1], (1, 2, 2)))
        stain(source, tmp_path / "out")
        assert voxels(tmp_path / "out").shape == (1, 70, 90, 3)

    def test_separate_images_are_not_mixed(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        scan = RNG.integers(1000, 9000, (5, 140, 160))
        source = write(tmp_path, scan)
        record = stain(source, tmp_path / "out")
        assert record["grids"]["network"]["shape_zyx"] == [5, 70, 80]
        assert any("in the plane only" in entry.message for entry in caplog.records)

    @pytest.mark.parametrize(("voxel_um", "word"), [(0.5, "7 x 9"), (100, "1400 x 1800")])
    def test_too_few_or_too_many_pixels(
        self, voxel_um: float, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scripts.volume.grid.network.MOST", 1500)
        with pytest.raises(InputError, match=rf"x {word} voxels, but .* give the true size with --voxel_um"):
            stain(write(tmp_path), tmp_path / "out", voxel_um=voxel_um)

    @pytest.mark.parametrize("axis", ["y", "x", "all"])
    def test_other_axes(self, axis: str, tmp_path: Path) -> None:
        source = write(tmp_path, np.tile(SCAN, (1, 2, 2)))
        stain(source, tmp_path / "out", axis=axis, slice_average=[1])
        stain(source, tmp_path / "z", slice_average=[1])
        # painting does nothing across voxels, so all axes give the same
        np.testing.assert_array_equal(voxels(tmp_path / "out"), voxels(tmp_path / "z"))


class TestStopped:
    @pytest.mark.parametrize("options", [{}, {"output_grid": "input"}, {"axis": "y"}, {"axis": "all"}])
    def test_goes_on_with_the_same_bytes(self, options: dict[str, Any], tmp_path: Path) -> None:
        source = write(tmp_path, np.tile(SCAN, (1, 2, 2)))
        stain(source, tmp_path / "whole", **options)
        stain(source, tmp_path / "out", last=1, **options)
        stain(source, tmp_path / "out", **options)
        assert files_of(tmp_path / "out") == files_of(tmp_path / "whole")

    @pytest.mark.parametrize("options", [{}, {"output_grid": "input"}])
    @pytest.mark.parametrize("changed", [0, 5, 12])
    def test_what_depends_on_a_changed_slice_is_stained_again(
        self, changed: int, options: dict[str, Any], tmp_path: Path
    ) -> None:
        scan = np.tile(SCAN, (1, 2, 2))
        source = write(tmp_path, scan)
        stain(source, tmp_path / "out", last=2, slab_size=2, **options)
        scan[changed, 10:20, 10:20] += 500
        write(tmp_path, scan)
        os.utime(source, (1, 1))
        stain(source, tmp_path / "out", slab_size=2, **options)
        stain(source, tmp_path / "anew", slab_size=2, **options)
        assert files_of(tmp_path / "out") == files_of(tmp_path / "anew")

    def test_another_grid_is_another_request(self, tmp_path: Path) -> None:
        source = write(tmp_path, np.tile(SCAN, (1, 2, 2)))
        stain(source, tmp_path / "out", last=1)
        with pytest.raises(InputError, match="another output_grid"):
            stain(source, tmp_path / "out", output_grid="input")
        with pytest.raises(InputError, match=r"another voxel_um .*network_shape"):
            stain(source, tmp_path / "out", voxel_um=7.5)

    def test_a_truncated_source_is_named(self, tmp_path: Path) -> None:
        source = write(tmp_path, np.tile(SCAN, (1, 2, 2)))
        stain(source, tmp_path / "out", last=1)
        with source.open("r+b") as file:
            file.truncate(source.stat().st_size // 2)
        with pytest.raises(InputError, match=r"scan\.tif"):
            stain(source, tmp_path / "out")


class TestOnTheInputsGrid:
    @pytest.mark.parametrize("voxel_um", [2.5, 7.5, [20, 5, 5], [2.5, 5, 7.5]])
    @pytest.mark.parametrize("axis", ["z", "all"])
    def test_shape_and_size_are_the_inputs(self, voxel_um: Any, axis: str, tmp_path: Path) -> None:
        scan = np.tile(SMOOTH, (1, 2, 2))[:, :, 10:]
        source = write(tmp_path, scan)
        formats = ["ome.zarr", "tif", "nii.gz"]
        record = stain(
            source, tmp_path / "out", voxel_um=voxel_um, axis=axis, output_grid="input", output_format=formats
        )
        stained = voxels(tmp_path / "out")
        assert stained.shape == (*scan.shape, 3)
        assert record["grids"]["output"]["shape_zyx"] == list(scan.shape)
        assert record["grids"]["network"]["shape_zyx"] != list(scan.shape)
        image: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii.gz")
        np.testing.assert_allclose(image.header.get_zooms()[::-1], np.broadcast_to(voxel_um, 3) / 1000, rtol=1e-6)
        np.testing.assert_array_equal(np.asarray(image.dataobj)["R"].T, stained[..., 0])
        np.testing.assert_array_equal(tifffile.imread(tmp_path / "out" / "scan_stain.tif"), stained)

    def test_a_smooth_scan_comes_back(self, tmp_path: Path) -> None:
        z, y, x = np.meshgrid(np.arange(13), np.arange(140), np.arange(150), indexing="ij")
        source = write(tmp_path, 5000 + 3000 * np.sin(z / 5) * np.cos(y / 20) * np.sin(x / 22 + 1))
        stain(source, tmp_path / "out", output_grid="input", slice_average=[1])
        stain(source, tmp_path / "same", pixel_um=None, slice_average=[1])
        back, same = (voxels(tmp_path / name)[2:-2, 4:-4, 4:-4].astype(int) for name in ("out", "same"))
        # of a sine over 20 voxels two grids of half as many lose a hundredth: a shift by half a voxel would cost 5
        assert abs(back - same).max() <= 3

    def test_constants_come_back(self, tmp_path: Path) -> None:
        scan = np.tile(SCAN, (1, 2, 2))
        scan[:, :, 90:] = LO
        stain(write(tmp_path, scan), tmp_path / "out", output_grid="input")
        right = voxels(tmp_path / "out")[:, :, 100:]
        assert {tuple(pixel) for pixel in right.reshape(-1, 3)} == {(0, 255, 9)}


class TestGeometry:
    @pytest.mark.parametrize("output_grid", ["network", "input"])
    def test_an_oblique_nifti_fills_the_same_space(self, output_grid: str, tmp_path: Path) -> None:
        scan = np.tile(SCAN, (1, 2, 2))
        turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
        affine = np.eye(4)
        affine[:3, :3] = turn * [0.0025, 0.0025, 0.01]
        affine[:3, 3] = [4, -5, 6]
        nibabel.save(nibabel.Nifti1Image(scan.T.astype(np.int16), affine), tmp_path / "scan.nii.gz")
        (tmp_path / "model.pt").write_bytes(b"weights")
        formats = ["ome.zarr", "nii.gz"]
        record = stain(
            tmp_path / "scan.nii.gz", tmp_path / "out", voxel_um=None, output_format=formats, output_grid=output_grid
        )
        image: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii.gz")
        shape = {"network": (26, 70, 90), "input": scan.shape}[output_grid]
        assert image.shape == shape[::-1]
        group = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")
        kept = [group.attrs["affine_xyz_to_mm"], record["grids"]["output"]["affine_xyz_to_mm"], image.affine]
        for each in kept:
            for end in (0, 1):  # the outer corner of the first voxel, and of the last
                outer = [end * side - 0.5 for side in shape[::-1]]
                corner = [end * side - 0.5 for side in scan.shape[::-1]]
                np.testing.assert_allclose(np.array(each) @ [*outer, 1], affine @ [*corner, 1], atol=1e-6)
        scale: Any = group.attrs["multiscales"][0]["datasets"][0]["coordinateTransformations"][0]["scale"]
        um: Any = {"network": [5, 5, 5], "input": [10, 2.5, 2.5]}[output_grid]
        np.testing.assert_allclose(scale[1:], um, rtol=1e-6)
        np.testing.assert_allclose(record["grids"]["output"]["voxel_size_zyx_um"], um, rtol=1e-6)
