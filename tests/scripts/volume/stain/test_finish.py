"""What is there in the end: the record, the preview and the geometry of the outputs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.utils import CommonKeys as Keys
from PIL import Image

from scripts.data.window import WindowCTd
from scripts.handlers import VolumeWriter
from scripts.networks import StainGenerator
from scripts.networks.trained_on import TrainedOn
from scripts.volume import SlabDataset, plan_stainings, slabs_to_stain
from scripts.volume.write.flicker import mean_change

TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 255.0), (0.5, 99.5))
Z, Y, X = np.meshgrid(np.arange(7), np.arange(6), np.arange(8), indexing="ij")
# grey values are levels; multiples of four, so that those averaged by quarters are whole too
VOXELS = 4 * (4 * Z + 2 * Y + X + np.random.default_rng(0).integers(0, 5, Z.shape)).astype(np.uint16)


class Engine:
    """As much of Ignite's engine as the writer looks at."""

    def __init__(self, batch: Any, output: Any) -> None:
        self.state = type("State", (), {"batch": batch, "output": output})


def paint(image: torch.Tensor) -> torch.Tensor:
    """(n, 1, rows, columns) in [0, 1] to a stain of the same levels, their negative, and a constant."""
    level = (image * 255).round()
    return torch.cat([level, 255 - level, torch.full_like(level, 9)], dim=1).byte()


def stain(path: Path, voxels: np.ndarray = VOXELS, **options: Any) -> dict[str, Any]:
    """Stain ``path / scan.tif`` to ``path / out``; returns the record."""
    tifffile.imwrite(path / "scan.tif", voxels, photometric="minisblack")
    (path / "model.pt").write_bytes(b"weights")
    usual = {"slab_size": 2, "output_format": ["ome.zarr"]}
    stainings = plan_stainings(path / "scan.tif", path / "out", TRAINED, path / "model.pt", **{**usual, **options})
    writer = VolumeWriter(stainings, {"device": "none at all"})
    dataset = SlabDataset(slabs_to_stain(stainings), WindowCTd("image"))
    for index in range(len(dataset)):
        slab = dataset[index]
        writer(Engine(slab, {Keys.PRED: paint(slab[Keys.IMAGE])}))
    writer._settle()
    writer.finish()
    return json.loads((path / "out" / "scan_stain.json").read_text())


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class TestRecord:
    def test_of_the_input(self, tmp_path: Path) -> None:
        record = stain(tmp_path, voxel_um=[5, 3, 2])["input"]
        assert record["path"] == str(tmp_path / "scan.tif")
        assert record["shape_zyx"] == [7, 6, 8]
        assert record["dtype"] == "uint16"
        assert record["sliced_along"] == "z"
        assert record["voxel_size_zyx_um"] == [5, 3, 2]

    def test_of_how_the_scan_differs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(f"{__name__}.TRAINED", StainGenerator((2, 2, 2), 0))
        TRAINED.set_windowing((0.0, 255.0), (0.5, 99.5))
        TRAINED.trained_on = TrainedOn(pixel_um=5.0, synthetic=True)
        record = stain(tmp_path)
        # slices of 6 x 8 pixels are too small for noise and sharpness
        assert [finding["kind"] for finding in record["fit"]["differs"]] == ["voxel size unknown", "small"]
        assert record["fit"]["trained_on"]["pixel_um"] == 5.0
        assert record["checkpoint"]["weights"].endswith("; trained on synthetic data only)")

    @pytest.mark.parametrize("slice_average", [[1], [1, 2, 1], [1, 1, 1, 1, 1]])
    def test_digest_is_of_each_slice_once(self, slice_average: list[int], tmp_path: Path) -> None:
        record = stain(tmp_path, slice_average=slice_average)
        expected = sha(b"".join(sha(image.tobytes()) for image in VOXELS)).hex()
        assert record["input"]["sha256_of_slice_sha256"] == expected

    def test_digest_along_another_axis(self, tmp_path: Path) -> None:
        record = stain(tmp_path, axis="x")["input"]
        slices = [np.ascontiguousarray(VOXELS[:, :, x]) for x in range(8)]
        assert record["sha256_of_slice_sha256"] == sha(b"".join(sha(image.tobytes()) for image in slices)).hex()
        assert record["sliced_along"] == "x"

    def test_of_what_was_asked_for_and_found(self, tmp_path: Path) -> None:
        record = stain(tmp_path, slice_average=[1, 2, 1])
        digest = sha(b"weights").hex()
        assert record["checkpoint"] == {
            "sha256": digest,
            "weights": f"{tmp_path / 'model.pt'} (SHA-256 {digest[:12]})",
        }
        shown = {"lo": 0.0, "hi": 255.0, "source": "trained", "why": record["window"]["why"], "landmarks": None}
        assert record["window"] == shown
        assert "on whose scale it lies" in record["window"]["why"]
        assert record["slice_average"] == [0.25, 0.5, 0.25]
        assert record["slab_size"] == 2
        assert record["stained_along"] == ["z"]
        assert record["device"] == "none at all"

    def test_lists_the_outputs(self, tmp_path: Path) -> None:
        record = stain(tmp_path, output_format=["tif", "nii"])
        assert record["outputs"] == ["scan_stain.tif", "scan_stain.nii", "scan_stain.png"]
        there = {file.name for file in (tmp_path / "out").iterdir()}
        assert there == {*record["outputs"], "scan_stain.json"}

    def test_versions_and_times(self, tmp_path: Path) -> None:
        record = stain(tmp_path)
        assert record["software"]["numpy"] == np.__version__
        assert record["software"]["zarr"] == zarr.__version__
        assert "xray_histology_virtual_staining" in record["software"]
        assert set(record["seconds"]) == {"reading", "staining", "storing"}
        assert min(record["seconds"].values()) >= 0
        assert record["finished"].endswith("+00:00")


class TestChange:
    """From slice to slice, added up slab by slab. Tolerance: means in float32."""

    @pytest.mark.parametrize("slab_size", [1, 2, 3, 7, 8])
    def test_is_that_of_the_whole_volume(self, slab_size: int, tmp_path: Path) -> None:
        change = stain(tmp_path, slab_size=slab_size)["mean_change_between_slices"]["z"]
        assert change["ct"] == pytest.approx(mean_change(VOXELS), rel=1e-5)
        stained = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")["0"][:]
        assert change["stain"] == pytest.approx(mean_change(np.moveaxis(stained, 0, -1)), rel=1e-5)
        # two of three channels change as the CT does
        assert change["stain_to_ct"] == pytest.approx(2 / 3, rel=1e-5)

    def test_is_that_of_the_averaged_volume(self, tmp_path: Path) -> None:
        change = stain(tmp_path, slice_average=[1, 2, 1])["mean_change_between_slices"]["z"]
        padded = np.concatenate([VOXELS[:1], VOXELS, VOXELS[-1:]]).astype(float)
        averaged = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
        assert change["ct"] == pytest.approx(mean_change(averaged), rel=1e-5)

    def test_is_given_for_each_axis(self, tmp_path: Path) -> None:
        change = stain(tmp_path, axis="all")["mean_change_between_slices"]
        for axis, sliced in (("z", VOXELS), ("y", VOXELS.transpose(1, 0, 2)), ("x", VOXELS.transpose(2, 0, 1))):
            assert change[axis]["ct"] == pytest.approx(mean_change(sliced), rel=1e-5)

    def test_of_a_single_slice(self, tmp_path: Path) -> None:
        change = stain(tmp_path, VOXELS[:1])["mean_change_between_slices"]
        assert change == {"z": {"ct": None, "stain": None, "stain_to_ct": None}}

    def test_where_the_ct_does_not_change(self, tmp_path: Path) -> None:
        change = stain(tmp_path, np.repeat(VOXELS[:1], 3, axis=0))["mean_change_between_slices"]["z"]
        assert change == {"ct": 0.0, "stain": 0.0, "stain_to_ct": None}


class TestPreview:
    @pytest.mark.parametrize("axis", ["z", "y", "x", "all"])
    def test_shows_the_middle_planes(self, axis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn = {}

        def draw(path: Path, planes: Any, sheet: Any, title: str, spacing_known: bool, lines: Any) -> None:
            path.touch()
            for name, ct, stained, *size in planes:
                drawn[name] = ct, stained, size
            assert title == "scan"
            assert spacing_known

        monkeypatch.setattr("scripts.volume.write.planes.draw_preview", draw)
        stain(tmp_path, axis=axis, voxel_um=[5, 3, 2])
        middle = {"xy": VOXELS[3], "xz": VOXELS[:, 3], "yz": VOXELS[:, :, 4]}
        for name, pixel in (("xy", [0.003, 0.002]), ("xz", [0.005, 0.002]), ("yz", [0.005, 0.003])):
            ct, stained, size = drawn[name]
            np.testing.assert_array_equal(ct, middle[name])
            np.testing.assert_array_equal(stained[..., 0], middle[name])
            np.testing.assert_array_equal(stained[..., 1], 255 - middle[name])
            np.testing.assert_allclose(size, pixel)

    def test_is_a_picture(self, tmp_path: Path) -> None:
        stain(tmp_path)
        with Image.open(tmp_path / "out" / "scan_stain.png") as page:
            page.load()
            assert page.mode == "RGB"
            assert page.width == 1400


class TestGeometry:
    def test_spacing_reaches_the_outputs(self, tmp_path: Path) -> None:
        stain(tmp_path, voxel_um=[5, 3, 2], output_format=["ome.zarr", "nii", "tif"])
        (image,) = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r").attrs["multiscales"]
        scale = image["datasets"][0]["coordinateTransformations"][0]["scale"]
        np.testing.assert_allclose(scale, [1, 5, 3, 2])  # micrometres
        nifti: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii")
        np.testing.assert_allclose(nifti.header.get_zooms()[:3], [0.002, 0.003, 0.005], rtol=1e-6)  # float32
        with tifffile.TiffFile(tmp_path / "out" / "scan_stain.tif") as tif:
            assert 'PhysicalSizeZ="0.005"' in (tif.ome_metadata or "")

    def test_orientation_reaches_the_outputs(self, tmp_path: Path) -> None:
        record = stain(tmp_path, voxel_um=500, orientation="LPS", output_format=["ome.zarr", "nii"])
        nifti: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii")
        assert nibabel.aff2axcodes(nifti.affine) == ("L", "P", "S")
        group = zarr.open_group(str(tmp_path / "out" / "scan_stain.ome.zarr"), mode="r")
        for affine in (group.attrs["affine_xyz_to_mm"], record["input"]["affine_xyz_to_mm"]):
            np.testing.assert_allclose(affine, nifti.affine)
