"""From a volume to stained files, slab by slab, through MONAI's evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile
import torch
from monai.engines import SupervisedEvaluator
from torch.utils.data import DataLoader

from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.handlers import Progress, VolumeWriter
from scripts.networks import StainGenerator
from scripts.volume.dataset import SlabDataset, list_slabs

SHAPE = (5, 6, 8)
LEVELS = 4 * np.random.default_rng(0).integers(0, 64, SHAPE)  # grey values that a window of 0 to 256 keeps apart
TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))


class Paint(torch.nn.Module):
    """A stain that shows each voxel's grey value, its negative, and nothing else."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        level = (image * 256).round()
        return torch.cat([level, 255 - level, torch.zeros_like(level)], dim=1).byte()


EXPECTED = np.stack([LEVELS, 255 - LEVELS, np.zeros_like(LEVELS)], axis=-1).astype(np.uint8)


def nifti(path: Path, values: np.ndarray = LEVELS) -> Path:
    nibabel.save(nibabel.Nifti1Image(values.T.astype(np.int16), np.diag([0.02, 0.03, 0.05, 1])), path)
    return path


def tiff(path: Path, values: np.ndarray = LEVELS) -> Path:
    tifffile.imwrite(path, values.astype(np.uint16), photometric="minisblack")
    return path


def folder(path: Path, values: np.ndarray = LEVELS) -> Path:
    path.mkdir()
    for index, image in enumerate(values):
        tifffile.imwrite(path / f"slice_{index}.tif", image.astype(np.float32))
    return path


def stain(source: Path, output_dir: Path, slab_size: int = 2, network: Any = None, **options: Any) -> None:
    slabs = list_slabs(source, slab_size, TRAINED)
    # the order of inference.yaml: the bar comes first, and must not keep the writer from cleaning up
    handlers = [Progress("staining"), VolumeWriter(output_dir, slabs, **options)]
    SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(SlabDataset(slabs, WindowCTd("image")), batch_size=None),
        network=Paint() if network is None else network,
        val_handlers=handlers,
        decollate=False,
    ).run()


def rgb(path: Path) -> np.ndarray:
    if path.suffix == ".tif":
        return tifffile.imread(path)
    image: Any = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    return np.stack([voxels[channel] for channel in "RGB"], axis=-1).transpose(2, 1, 0, 3)


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir())


@pytest.mark.parametrize("slab_size", [1, 2, 8])
@pytest.mark.parametrize(
    ("make", "name"), [(nifti, "scan.nii.gz"), (nifti, "scan.nii"), (tiff, "scan.tif"), (folder, "scan")]
)
def test_stain_of_every_format(tmp_path: Path, make: Any, name: str, slab_size: int) -> None:
    source = make(tmp_path / name)
    stain(source, tmp_path / "out", slab_size)
    assert names(tmp_path / "out") == ["scan_stain.nii.gz", "scan_stain.tif"]
    for path in (tmp_path / "out").iterdir():
        np.testing.assert_array_equal(rgb(path), EXPECTED)


def test_affine_is_the_volumes(tmp_path: Path) -> None:
    stain(nifti(tmp_path / "scan.nii"), tmp_path / "out", output_format="nii")
    image: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii")
    np.testing.assert_allclose(image.affine, np.diag([0.02, 0.03, 0.05, 1]), rtol=1e-6)  # float32 in the header
    assert names(tmp_path / "out") == ["scan_stain.nii"]


def test_several_volumes_of_one_name(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    nifti(source / "scan.nii.gz")
    tiff(source / "scan.tif", LEVELS[::-1])
    tiff(source / "other.tif", LEVELS[:3])
    stain(source, tmp_path / "out", output_format="tif")
    assert names(tmp_path / "out") == ["other_stain.tif", "scan_nii_gz_stain.tif", "scan_tif_stain.tif"]
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_nii_gz_stain.tif"), EXPECTED)
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_tif_stain.tif"), EXPECTED[::-1])
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "other_stain.tif"), EXPECTED[:3])


def test_slabs_of_a_volume(tmp_path: Path) -> None:
    source = tiff(tmp_path / "scan.tif")
    slabs = list_slabs(source, 2, TRAINED)
    assert [(slab["start"], slab["stop"]) for slab in slabs] == [(0, 2), (2, 4), (4, 5)]
    assert {(slab["volume"], slab["name"], slab["ct_window"]) for slab in slabs} == {(str(source), "scan", (0, 256))}
    item = SlabDataset(slabs)[1]
    assert item["image"].shape == (2, 1, 6, 8) and item["image"].dtype == torch.float32
    np.testing.assert_array_equal(item["image"][:, 0], LEVELS[2:4])
    assert {slab["ct_window"] for slab in list_slabs(source, 2, TRAINED, [10, 90])} == {(10, 90)}


def test_finished_output_is_kept_unless_told(tmp_path: Path) -> None:
    source = tiff(tmp_path / "scan.tif")
    stain(source, tmp_path / "out")
    tiff(source, LEVELS[::-1])
    with pytest.raises(InputError, match=r"scan_stain\.nii\.gz exists already: .*--overwrite true"):
        stain(source, tmp_path / "out")
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.tif"), EXPECTED)
    stain(source, tmp_path / "out", overwrite=True)
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.tif"), EXPECTED[::-1])


class BreakDown(Paint):
    """Stains two slabs, then no more."""

    calls = 0

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls > 2:
            raise MemoryError("no more")
        return super().forward(image)


def test_exception_leaves_neither_finished_nor_unfinished_files(tmp_path: Path) -> None:
    with pytest.raises(MemoryError, match="no more"):
        stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", network=BreakDown())
    assert names(tmp_path / "out") == []


def test_exception_keeps_the_volumes_that_are_finished(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    tiff(source / "a.tif", LEVELS[:2])
    tiff(source / "b.tif")
    with pytest.raises(MemoryError):
        stain(source, tmp_path / "out", network=BreakDown())
    assert names(tmp_path / "out") == ["a_stain.nii.gz", "a_stain.tif"]
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "a_stain.tif"), EXPECTED[:2])


def test_exception_while_overwriting_keeps_the_old_output(tmp_path: Path) -> None:
    source = tiff(tmp_path / "scan.tif")
    stain(source, tmp_path / "out")
    with pytest.raises(MemoryError):
        stain(source, tmp_path / "out", network=BreakDown(), overwrite=True)
    assert names(tmp_path / "out") == ["scan_stain.nii.gz", "scan_stain.tif"]
    np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.tif"), EXPECTED)


def test_damage_in_the_middle_of_a_volume(tmp_path: Path) -> None:
    values = LEVELS.astype(np.float32)
    values[-1, 2, 2] = np.nan
    tifffile.imwrite(tmp_path / "scan.tif", values, photometric="minisblack")
    slabs = list_slabs(tmp_path / "scan.tif", 2, TRAINED, [0, 256])
    writer = VolumeWriter(tmp_path / "out", slabs)
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(SlabDataset(slabs, WindowCTd("image")), batch_size=None),
        network=Paint(),
        val_handlers=[writer],
        decollate=False,
    )
    with pytest.raises(InputError, match=r"scan\.tif holds 1 NaN"):
        evaluator.run()
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize("output_format", ["png", ["tif", "mha"], []])
def test_unknown_format(tmp_path: Path, output_format: Any) -> None:
    with pytest.raises(InputError, match=r"nii\.gz, nii, tif"):
        VolumeWriter(tmp_path, [], output_format)


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/out cannot be written to \(.*give another --output_dir"):
        VolumeWriter(tmp_path / "file" / "out", [])


def test_output_onto_the_input(tmp_path: Path) -> None:
    tiff(tmp_path / "scan_stain.tif")
    slabs = [slab | {"name": "scan"} for slab in list_slabs(tmp_path / "scan_stain.tif", 8, TRAINED)]
    with pytest.raises(InputError, match="exists already"):
        VolumeWriter(tmp_path, slabs, "tif")


def test_output_among_the_input(tmp_path: Path) -> None:
    """There the next run would take it for input."""
    slices = folder(tmp_path / "slices")
    with pytest.raises(InputError, match="slices is the input: give another --output_dir"):
        VolumeWriter(slices, list_slabs(slices, 8, TRAINED))
    (tmp_path / "volumes").mkdir()
    for name in ("a.tif", "b.tif"):
        tiff(tmp_path / "volumes" / name)
    with pytest.raises(InputError, match="volumes is the input"):
        VolumeWriter(tmp_path / "volumes", list_slabs(tmp_path / "volumes", 8, TRAINED))
    one_file = list_slabs(tmp_path / "volumes" / "a.tif", 8, TRAINED)
    VolumeWriter(tmp_path / "volumes", one_file)  # the stain beside its volume is fine
