"""What a run is to stain."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import nibabel.loadsave
import nibabel.nifti1
import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.networks import StainGenerator
from scripts.volume.stain import slab_size
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.plan import check_average, check_formats, plan_stainings
from scripts.volume.stain.slab import slabs_to_stain

TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))
RAMP = np.broadcast_to(np.arange(48, dtype=np.uint16).reshape(6, 8) * 5, (7, 6, 8))  # every slice alike
NOISE = np.random.default_rng(0).integers(0, 256, (7, 6, 8)).astype(np.uint16)


def scan(path: Path, voxels: np.ndarray = RAMP) -> Path:
    tifffile.imwrite(path, voxels, photometric="minisblack")
    return path


def plan(source: Path, tmp_path: Path, **options: Any) -> list[Begun]:
    (tmp_path / "model.pt").write_bytes(b"weights")
    return plan_stainings(source, tmp_path / "out", TRAINED, tmp_path / "model.pt", **options)


class TestAverage:
    @pytest.mark.parametrize(
        ("weights", "expected"), [([1, 2, 1], [0.25, 0.5, 0.25]), ((3,), [1.0]), ([1] * 5, [0.2] * 5)]
    )
    def test_is_scaled_to_a_sum_of_one(self, weights: Sequence[float], expected: list[float]) -> None:
        assert check_average(weights) == expected

    @pytest.mark.parametrize(
        "weights", [[1, 1], [], [1, 0, 1], [1, -2, 1], [1, float("nan"), 1], [float("inf")], [1] * 11, "a", 3, None]
    )
    def test_of_anything_else_is_refused(self, weights: Any) -> None:
        with pytest.raises(InputError, match=r"slice_average is .*--slice_average \"\[1, 2, 1\]\""):
            check_average(weights)

    def test_is_in_every_slab(self, tmp_path: Path) -> None:
        slabs = slabs_to_stain(plan(scan(tmp_path / "scan.tif"), tmp_path, slice_average=[1, 2, 1]))
        assert {slab.slice_average for slab in slabs} == {(0.25, 0.5, 0.25)}

    def test_is_switched_off_for_slices_that_have_nothing_in_common(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        slabs = slabs_to_stain(plan(scan(tmp_path / "scan.tif", NOISE), tmp_path, slice_average=[1, 2, 1]))
        assert {slab.slice_average for slab in slabs} == {(1.0,)}
        assert "scan.tif: neighbouring slices have little in common" in caplog.text

    def test_of_a_single_slice_is_no_reason_to_warn(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        plan(scan(tmp_path / "scan.tif", NOISE[:1]), tmp_path, slice_average=[1, 2, 1])
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


class TestSlabSize:
    def test_of_the_user_wins(self, tmp_path: Path) -> None:
        (begun,) = plan(scan(tmp_path / "scan.tif"), tmp_path, slab_size=5)
        assert begun.findings.slab_size == 5

    @pytest.mark.parametrize("slab_size", [0, -1, 1.5, "x", True])
    def test_that_is_none(self, slab_size: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="slab_size"):
            plan(scan(tmp_path / "scan.tif"), tmp_path, slab_size=slab_size)


class TestNames:
    def test_are_those_of_the_files(self, tmp_path: Path) -> None:
        folder = tmp_path / "volumes"
        folder.mkdir()
        for name in ("a.tif", "b.tiff"):
            scan(folder / name)
        assert [begun.staining.name for begun in plan(folder, tmp_path)] == ["a", "b"]

    def test_that_would_be_the_same_get_the_suffix(self, tmp_path: Path) -> None:
        folder = tmp_path / "volumes"
        folder.mkdir()
        scan(folder / "scan.tif")
        nibabel.save(nibabel.Nifti1Image(RAMP.T.astype(np.int16), np.eye(4)), folder / "scan.nii.gz")
        scan(folder / "other.tif")
        assert [begun.staining.name for begun in plan(folder, tmp_path)] == ["other", "scan_nii_gz", "scan_tif"]

    def test_of_the_outputs(self, tmp_path: Path) -> None:
        (begun,) = plan(scan(tmp_path / "scan.tif"), tmp_path, output_format=["ome.zarr", "tif"])
        suffixes = ("ome.zarr", "tif", "png", "json")
        assert begun.staining.outputs == [f"scan_stain.{suffix}" for suffix in suffixes]


class TestAnotherRequest:
    """Only the same request goes on with what is there."""

    CHANGES: ClassVar[dict[str, dict[str, Any]]] = {
        "ct_window": {"ct_window": [0, 100]},
        "slice_average": {"slice_average": [1, 1, 1]},
        "nan_value": {"nan_value": 7},
        "axes": {"axis": "y"},
        "slab_size": {"slab_size": 2},
        "output_format": {"output_format": "tif"},
        "voxel_um": {"voxel_um": 10},
        "orientation": {"orientation": "LPS"},
        "tile_size": {"tile_size": 64},
        "amp": {"amp": True},
    }

    @pytest.mark.parametrize("what", CHANGES)
    def test_is_told_what_differs(self, what: str, tmp_path: Path) -> None:
        source = scan(tmp_path / "scan.tif")
        plan(source, tmp_path)
        with pytest.raises(InputError, match=rf"unfinished staining with another {what} \(.*--overwrite true"):
            plan(source, tmp_path, **self.CHANGES[what])
        plan(source, tmp_path, **self.CHANGES[what], overwrite=True)
        with pytest.raises(InputError, match=rf"another {what} \("):
            plan(source, tmp_path)

    def test_is_told_all_that_differs(self, tmp_path: Path) -> None:
        source = scan(tmp_path / "scan.tif")
        plan(source, tmp_path, tile_size=256)
        expected = re.escape("another nan_value (none instead of 7), tile_size (256 instead of 128): ")
        with pytest.raises(InputError, match=expected):
            plan(source, tmp_path, nan_value=7, tile_size=128)

    def test_of_another_checkpoint(self, tmp_path: Path) -> None:
        source = scan(tmp_path / "scan.tif")
        plan(source, tmp_path)
        (tmp_path / "other.pt").write_bytes(b"other weights")
        with pytest.raises(InputError, match="another checkpoint"):
            plan_stainings(source, tmp_path / "out", TRAINED, tmp_path / "other.pt")

    def test_of_a_volume_of_another_shape(self, tmp_path: Path) -> None:
        plan(scan(tmp_path / "scan.tif"), tmp_path)
        with pytest.raises(InputError, match=r"another shape \(.*\), dtype \(uint16 instead of uint8\):"):
            plan(scan(tmp_path / "scan.tif", RAMP[:5].astype(np.uint8)), tmp_path)

    def test_of_another_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plan(scan(tmp_path / "scan.tif"), tmp_path)
        monkeypatch.setattr("scripts.volume.stain.plan_file.VERSION", 0)
        with pytest.raises(InputError, match="another version of the software"):
            plan(tmp_path / "scan.tif", tmp_path)

    def test_the_same_keeps_what_was_found(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (first,) = plan(scan(tmp_path / "scan.tif"), tmp_path)
        monkeypatch.setattr(slab_size, "free_memory", lambda _="cpu": 0)
        (second,) = plan(tmp_path / "scan.tif", tmp_path)
        assert second.findings == first.findings
        assert first.findings.slab_size == 32

    def test_from_another_working_directory_is_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        plan(scan(tmp_path / "scan.tif"), tmp_path)
        monkeypatch.chdir(tmp_path)
        assert plan(Path("scan.tif"), tmp_path)[0].staining.request.source == str(tmp_path / "scan.tif")


class TestOptions:
    @pytest.mark.parametrize("given", [["tif", "nii.gz"], "tif,nii.gz", "[tif, nii.gz]", ("tif", "nii.gz", "tif")])
    def test_formats_as_people_write_them(self, given: Any) -> None:
        assert check_formats(given) == ["tif", "nii.gz"]

    @pytest.mark.parametrize("given", [3, "", None, "tif nii"])
    def test_formats_that_are_none(self, given: Any) -> None:
        with pytest.raises(InputError, match=r"as in --output_format ome.zarr,tif"):
            check_formats(given)

    @pytest.mark.parametrize("axis", ["w", "zy", "", None])
    def test_axis(self, axis: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="give --axis z, y, x or all"):
            plan(scan(tmp_path / "scan.tif"), tmp_path, axis=axis)

    @pytest.mark.parametrize("ct_window", [5, "abc", [5], [9, 1], [0, float("nan")]])
    def test_window(self, ct_window: Any, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"The CT window .* is not \[lo, hi\]"):
            plan(scan(tmp_path / "scan.tif"), tmp_path, ct_window=ct_window)

    @pytest.mark.parametrize("nan_value", ["air", float("nan"), float("inf"), [1]])
    def test_nan_value(self, nan_value: Any, tmp_path: Path) -> None:
        """It is not needed before the first NaN, which may come after hours."""
        with pytest.raises(InputError, match="nan_value"):
            plan(scan(tmp_path / "scan.tif"), tmp_path, nan_value=nan_value)

    def test_a_mistake_leaves_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="The voxel size is"):
            plan(scan(tmp_path / "scan.tif"), tmp_path, voxel_um=[1, 2])
        assert not (tmp_path / "out").exists()


class TestVoxelSize:
    def nifti(self, folder: Path, millimetres: float) -> Path:
        image = nibabel.nifti1.Nifti1Image(
            np.arange(6 * 20 * 20, dtype=np.uint16).reshape(20, 20, 6), np.diag([millimetres] * 3 + [1])
        )
        image.header.set_xyzt_units("mm")
        nibabel.loadsave.save(image, folder / "scan.nii.gz")
        return folder / "scan.nii.gz"

    def test_one_that_no_micro_ct_has_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"scan\.nii\.gz: the voxel size 2000 um .* --voxel_um"):
            plan(self.nifti(tmp_path, 2.0), tmp_path)
        with pytest.raises(InputError, match=r"--voxel_um: the voxel size 900 um"):
            plan(self.nifti(tmp_path, 2.0), tmp_path, voxel_um=900)

    def test_one_may_be_corrected_or_forced(self, tmp_path: Path) -> None:
        scan = self.nifti(tmp_path, 2.0)
        (begun,) = plan(scan, tmp_path, voxel_um=5)
        assert begun.staining.request.voxel_um == [5.0, 5.0, 5.0]
        assert plan(scan, tmp_path, voxel_um=900, force_voxel_um=True, overwrite=True)
