"""From a volume to stained files, slab by slab, through MONAI's evaluator; with whatever may come in between."""

from __future__ import annotations

import errno
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
import torch
import zarr
from monai.engines import SupervisedEvaluator
from torch.utils.data import DataLoader

from scripts.data.window import WindowCTd
from scripts.errors import InputError
from scripts.handlers import Progress, VolumeWriter
from scripts.networks import StainGenerator
from scripts.volume import SlabDataset, plan_stainings, slabs_to_stain
from scripts.volume.stain import finish as finishing
from scripts.volume.stain.begun import Begun
from scripts.volume.stain.staining import Staining
from scripts.volume.write.stain_store import StainStore
from scripts.whole import whole_file

SHAPE = (5, 6, 8)
LEVELS = 4 * np.random.default_rng(0).integers(0, 63, SHAPE)  # grey values that a window of 0 to 256 keeps apart
TRAINED = StainGenerator((2, 2, 2), 0)
TRAINED.set_windowing((0.0, 256.0), (0.5, 99.5))
ALL_FORMATS = ("ome.zarr", "tif", "nii.gz")


class Paint(torch.nn.Module):
    """A stain that shows each voxel's grey value, its negative, and nothing else; it counts the slices it has seen.

    Args:
        last: how many it stains before it breaks down.
    """

    def __init__(self, last: int | None = None) -> None:
        super().__init__()
        self.last, self.slices = last, 0

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if self.last is not None and self.slices + len(image) > self.last:
            raise MemoryError("no more")
        self.slices += len(image)
        level = (image * 256).round()
        return torch.cat([level, 255 - level, torch.zeros_like(level)], dim=1).byte()


def painted(levels: np.ndarray) -> np.ndarray:
    """What `Paint` makes of grey values, (Z, Y, X, 3)."""
    return np.stack([levels, 255 - levels, np.zeros_like(levels)], axis=-1).astype(np.uint8)


def nifti(path: Path, values: np.ndarray = LEVELS) -> Path:
    nibabel.save(nibabel.Nifti1Image(values.T.astype(np.int16), np.diag([0.02, 0.03, 0.05, 1])), path)
    return path


def tiff(path: Path, values: np.ndarray = LEVELS) -> Path:
    kind = values.dtype if values.dtype.kind == "f" else np.uint16
    tifffile.imwrite(path, values.astype(kind), photometric="minisblack")
    return path


def folder(path: Path, values: np.ndarray = LEVELS) -> Path:
    path.mkdir()
    for index, image in enumerate(values):
        tifffile.imwrite(path / f"slice_{index}.tif", image.astype(np.float32))
    return path


def hdf5(path: Path, values: np.ndarray = LEVELS) -> Path:
    with h5py.File(path, "w") as file:
        file["entry/data"] = values.astype(np.uint16)
    return path


def metaimage(path: Path, values: np.ndarray = LEVELS) -> Path:
    sides = " ".join(str(side) for side in values.shape[::-1])
    header = f"ObjectType = Image\nNDims = 3\nDimSize = {sides}\nElementType = MET_SHORT\nElementByteOrderMSB = False\n"
    path.write_bytes(f"{header}ElementDataFile = LOCAL\n".encode() + values.astype("<i2").tobytes())
    return path


def zarr_array(path: Path, values: np.ndarray = LEVELS) -> Path:
    zarr.save_array(str(path), values.astype(np.uint16))
    return path


def stain(
    source: Path,
    output_dir: Path,
    network: Paint | None = None,
    threads: ThreadPoolExecutor | None = None,
    **options: Any,
) -> Paint:
    """What configs/inference.yaml does, with a network that costs nothing."""
    network = network or Paint()
    checkpoint = output_dir.parent / "model.pt"
    checkpoint.write_bytes(b"weights")
    stainings = plan_stainings(source, output_dir, TRAINED, checkpoint, **{"slab_size": 2, **options})
    dataset = SlabDataset(slabs_to_stain(stainings), WindowCTd("image"), threads)
    writer = VolumeWriter(stainings, threads=threads)
    evaluator = SupervisedEvaluator(
        device=torch.device("cpu"),
        val_data_loader=DataLoader(dataset, batch_size=None),
        network=network,
        # the order of inference.yaml: the bar comes first, and must not keep the writer from cleaning up
        val_handlers=[Progress("staining"), writer],
        decollate=False,
    )
    if len(dataset):
        evaluator.run()
    writer.finish()
    return network


def rgb(path: Path) -> np.ndarray:
    if path.suffix == ".zarr":
        return np.moveaxis(zarr.open_group(str(path), mode="r")["0"][:], 0, -1)
    if path.suffix == ".tif":
        return tifffile.imread(path)
    image: Any = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    return np.stack([voxels[channel] for channel in "RGB"], axis=-1).transpose(2, 1, 0, 3)


def names(path: Path) -> list[str]:
    return sorted(file.name for file in path.iterdir())


def contents(path: Path) -> dict[str, bytes]:
    """Every file below a folder but the records, which hold times."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): file.read_bytes() for file in files if file.suffix != ".json"}


def record(output_dir: Path) -> dict[str, Any]:
    return json.loads((output_dir / "scan_stain.json").read_text())


@pytest.fixture(scope="module", autouse=True)
def no_drawing() -> Iterator[None]:
    """The preview's planes and slices as they are: to draw them would take most of the time."""

    def draw(path: Path, planes: Any, sheet: Any, title: str, spacing_known: bool, lines: Any) -> None:
        images = [*(image for plane in planes for image in plane[1:3]), *(image for _, image in sheet)]
        with whole_file(path) as partial:
            partial.write_bytes(b"".join(image.tobytes() for image in images))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scripts.volume.write.planes.draw_preview", draw)
        yield


class TestOutputs:
    @pytest.mark.parametrize(
        ("make", "name"),
        [
            (nifti, "scan.nii.gz"),
            (nifti, "scan.nii"),
            (tiff, "scan.tif"),
            (folder, "scan"),
            (hdf5, "scan.h5"),
            (metaimage, "scan.mha"),
            (zarr_array, "scan.zarr"),
        ],
    )
    def test_stain_of_every_format(self, tmp_path: Path, make: Callable[[Path], Path], name: str) -> None:
        stain(make(tmp_path / name), tmp_path / "out", output_format=ALL_FORMATS)
        outputs = [f"scan_stain.{suffix}" for suffix in ALL_FORMATS]
        assert names(tmp_path / "out") == sorted([*outputs, "scan_stain.png", "scan_stain.json"])
        for output in outputs:
            np.testing.assert_array_equal(rgb(tmp_path / "out" / output), painted(LEVELS))

    @pytest.mark.parametrize("slab_size", [1, 3, 5, 8, None])
    def test_any_slab_size(self, tmp_path: Path, slab_size: int | None) -> None:
        stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", slab_size=slab_size)
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS))

    @pytest.mark.parametrize("axis", ["y", "x", "all"])
    def test_any_axis(self, tmp_path: Path, axis: str) -> None:
        """This stain is the same from all sides."""
        stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", axis=axis, output_format=ALL_FORMATS[:2])
        for suffix in ALL_FORMATS[:2]:
            np.testing.assert_array_equal(rgb(tmp_path / "out" / f"scan_stain.{suffix}"), painted(LEVELS))
        assert not list((tmp_path / "out").glob("*.partial"))

    def test_neighbours_are_averaged(self, tmp_path: Path) -> None:
        ramp = np.broadcast_to(LEVELS[0], SHAPE) + 4 * np.array([0, 1, 0, 0, 0])[:, None, None]
        stain(tiff(tmp_path / "scan.tif", ramp), tmp_path / "out", slice_average=[1, 2, 1])
        expected = painted(LEVELS[0] + np.array([1, 2, 1, 0, 0])[:, None, None])  # a quarter, half, quarter of 4
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), expected)

    def test_affine_is_the_volumes(self, tmp_path: Path) -> None:
        stain(nifti(tmp_path / "scan.nii"), tmp_path / "out", output_format="nii")
        image: Any = nibabel.load(tmp_path / "out" / "scan_stain.nii")
        affine = np.diag([0.02, 0.03, 0.05, 1])
        np.testing.assert_allclose(image.affine, affine, rtol=1e-6)  # float32 in the header
        np.testing.assert_allclose(record(tmp_path / "out")["input"]["affine_xyz_to_mm"], affine, rtol=1e-6)

    def test_several_volumes_of_one_name(self, tmp_path: Path) -> None:
        source = tmp_path / "in"
        source.mkdir()
        nifti(source / "scan.nii.gz")
        tiff(source / "scan.tif", LEVELS[::-1])
        tiff(source / "other.tif", LEVELS[:3])
        stain(source, tmp_path / "out", output_format="tif")
        for name, expected in (("other", LEVELS[:3]), ("scan_nii_gz", LEVELS), ("scan_tif", LEVELS[::-1])):
            np.testing.assert_array_equal(rgb(tmp_path / "out" / f"{name}_stain.tif"), painted(expected))
        assert len(names(tmp_path / "out")) == 3 * 3  # stain, preview and record of each

    def test_a_single_slice_is_its_own_neighbour(self, tmp_path: Path) -> None:
        stain(tiff(tmp_path / "scan.tif", LEVELS[:1]), tmp_path / "out", slice_average=[1, 2, 1])
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS[:1]))


class TestFinishedOutputs:
    def test_are_kept_unless_told(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        stain(source, tmp_path / "out")
        before = contents(tmp_path / "out")
        tiff(source, LEVELS[::-1])
        with pytest.raises(InputError, match=r"scan_stain\.ome\.zarr exists already: .*--overwrite true"):
            stain(source, tmp_path / "out")
        assert contents(tmp_path / "out") == before

    def test_are_replaced_if_told(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        stain(source, tmp_path / "out", output_format=ALL_FORMATS)
        tiff(source, LEVELS[::-1])
        stain(source, tmp_path / "out", output_format=ALL_FORMATS, overwrite=True)
        for suffix in ALL_FORMATS:
            np.testing.assert_array_equal(rgb(tmp_path / "out" / f"scan_stain.{suffix}"), painted(LEVELS[::-1]))
        assert not list((tmp_path / "out").glob("*.partial"))

    def test_stay_while_they_are_being_replaced(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        stain(source, tmp_path / "out")
        before = contents(tmp_path / "out")
        with pytest.raises(MemoryError):
            stain(source, tmp_path / "out", Paint(2), overwrite=True)
        after = contents(tmp_path / "out")
        assert {name: content for name, content in after.items() if ".partial" not in name} == before

    def test_the_same_command_again_finds_nothing_to_do(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        source = tiff(tmp_path / "scan.tif")
        stain(source, tmp_path / "out")
        before = contents(tmp_path / "out")
        with caplog.at_level(logging.INFO):
            assert stain(source, tmp_path / "out").slices == 0
        assert "finished already" in caplog.text
        assert contents(tmp_path / "out") == before

    def test_of_a_folder_are_passed_over_when_the_rest_is_continued(self, tmp_path: Path) -> None:
        source = tmp_path / "in"
        source.mkdir()
        tiff(source / "a.tif", LEVELS[:2])
        tiff(source / "b.tif")
        with pytest.raises(MemoryError):
            stain(source, tmp_path / "out", Paint(4), output_format="tif")
        assert names(tmp_path / "out") == ["a_stain.json", "a_stain.png", "a_stain.tif", "b_stain.partial"]
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "a_stain.tif"), painted(LEVELS[:2]))
        assert stain(source, tmp_path / "out", output_format="tif").slices == 3
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "b_stain.tif"), painted(LEVELS))


class TestInterruption:
    def test_leaves_nothing_that_looks_finished(self, tmp_path: Path) -> None:
        with pytest.raises(MemoryError, match="no more"):
            stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", Paint(2), output_format=ALL_FORMATS)
        assert names(tmp_path / "out") == ["scan_stain.partial"]

    @pytest.mark.parametrize("axis", ["z", "all"])
    def test_the_same_command_goes_on_with_the_same_result(self, tmp_path: Path, axis: str) -> None:
        source = tiff(tmp_path / "scan.tif")
        options: dict[str, Any] = {"axis": axis, "output_format": ALL_FORMATS}
        whole = stain(source, tmp_path / "whole", **options)
        for done in (2, 2):
            with pytest.raises(MemoryError):
                stain(source, tmp_path / "out", Paint(done), **options)
        assert stain(source, tmp_path / "out", **options).slices == whole.slices - 4
        assert contents(tmp_path / "out") == contents(tmp_path / "whole")

    def test_files_half_written_when_the_power_went_do_not_stay(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        stain(source, tmp_path / "whole")
        with pytest.raises(MemoryError):
            stain(source, tmp_path / "out", Paint(2))
        (slab,) = (tmp_path / "out").glob("*/*.ome.zarr/0/0/0")
        (slab / "0").mkdir(exist_ok=True)
        (slab / "0" / "0.1234.partial").write_bytes(b"half")  # zarr writes a chunk under such a name first
        stain(source, tmp_path / "out")
        assert contents(tmp_path / "out") == contents(tmp_path / "whole")

    def test_another_request_does_not_go_on(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        with pytest.raises(MemoryError):
            stain(source, tmp_path / "out", Paint(2))
        with pytest.raises(InputError, match=r"scan_stain\.partial is an unfinished staining with another ct_window"):
            stain(source, tmp_path / "out", ct_window=[0, 512])
        stain(source, tmp_path / "out", ct_window=[0, 512], overwrite=True)
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS // 2))


class TestDamage:
    """A slice that cannot be read, far behind those that the window is made of."""

    WINDOW: ClassVar[dict[str, Any]] = {"ct_window": [0, 256], "slab_size": 1}

    @staticmethod
    def rewrite(path: Path, image: np.ndarray) -> None:
        tifffile.imwrite(path, image.astype(np.float32))
        os.utime(path, ns=(1, 1))  # whatever the clock says, not the time that it had

    @pytest.fixture
    def damaged(self, tmp_path: Path) -> Path:
        source = folder(tmp_path / "scan")
        content = (source / "slice_4.tif").read_bytes()
        (source / "slice_4.tif").write_bytes(content[: len(content) - 20])
        return source

    def test_names_the_slice_and_keeps_what_is_done(self, tmp_path: Path, damaged: Path) -> None:
        network = Paint()
        with pytest.raises(InputError, match=r"Slice 4 of 5: .*slice_4\.tif"):
            stain(damaged, tmp_path / "out", network, **self.WINDOW)
        assert network.slices == 4
        assert names(tmp_path / "out") == ["scan_stain.partial"]
        assert names(tmp_path / "out" / "scan_stain.partial" / "slabs") == [f"z_00000{z}.npz" for z in range(4)]

    def test_only_the_rest_is_stained_once_it_is_repaired(self, tmp_path: Path, damaged: Path) -> None:
        with pytest.raises(InputError):
            stain(damaged, tmp_path / "out", **self.WINDOW)
        self.rewrite(damaged / "slice_4.tif", LEVELS[4])
        assert stain(damaged, tmp_path / "out", **self.WINDOW).slices == 1
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS))

    def test_what_else_was_changed_is_stained_again(
        self, tmp_path: Path, damaged: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("scripts.volume.read.window.neighbours_alike", lambda *_: True)
        options = {**self.WINDOW, "slice_average": [1, 2, 1]}
        with pytest.raises(InputError):
            stain(damaged, tmp_path / "out", **options)  # 0, 1 and 2 are done: 3 needs its neighbour
        changed = LEVELS.copy()
        changed[0] += 4
        for z in (0, 4):
            self.rewrite(damaged / f"slice_{z}.tif", changed[z])
        assert stain(damaged, tmp_path / "out", **options).slices == 4  # 0 and its neighbour 1; 3, 4
        stain(damaged, tmp_path / "fresh", **options)
        assert contents(tmp_path / "out") == contents(tmp_path / "fresh")

    def test_sideways_a_changed_volume_is_stained_anew(self, tmp_path: Path) -> None:
        source = tiff(tmp_path / "scan.tif")
        with pytest.raises(MemoryError):
            stain(source, tmp_path / "out", Paint(2), axis="y")
        tiff(source, LEVELS[::-1])
        os.utime(source, ns=(1, 1))
        assert stain(source, tmp_path / "out", axis="y").slices == SHAPE[1]
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS[::-1]))


class Killed(BaseException):
    """Not an exception that anything but a process may end with."""


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """End the last steps of a staining before the one of that number; returns the list of those that were begun."""
    steps: list[str] = []

    def counted(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            steps.append(f"{name} {args[0]}")
            if len(steps) == step:
                raise Killed
            return act(*args)

        return call

    for where, name in ((os, "replace"), (finishing, "write_text"), (Begun, "settle"), (Staining, "discard")):
        monkeypatch.setattr(where, name, counted(name, getattr(where, name)))
    return steps


class TestLastSteps:
    """Exporting, preview, record, and moving everything to its place: cut off between any two of them."""

    STEPS = 16

    @pytest.fixture(scope="class")
    def whole(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A volume and its stain."""
        path = tmp_path_factory.mktemp("whole")
        stain(tiff(path / "scan.tif"), path / "out", output_format=ALL_FORMATS)
        return path

    @pytest.fixture
    def stained(self, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Output folder of a staining whose slabs are all done, and nothing else."""

        def cut_off(*_: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("scripts.handlers.volume_writer.finish", cut_off)
            with pytest.raises(Killed):
                stain(whole / "scan.tif", tmp_path / "out", output_format=ALL_FORMATS)
        return tmp_path / "out"

    def test_are_as_many(self, whole: Path, stained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        steps = kill_at(0, monkeypatch)
        stain(whole / "scan.tif", stained, output_format=ALL_FORMATS)
        assert len(steps) == self.STEPS, steps

    @pytest.mark.parametrize("step", range(1, STEPS + 1))
    def test_cut_off(self, step: int, whole: Path, stained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            kill_at(step, patch)
            with pytest.raises(Killed):
                stain(whole / "scan.tif", stained, output_format=ALL_FORMATS)
        network = stain(whole / "scan.tif", stained, output_format=ALL_FORMATS)
        assert network.slices == 0
        assert contents(stained) == contents(whole / "out")
        assert (stained / "scan_stain.json").is_file()

    def test_cut_off_while_the_folder_is_removed(
        self, whole: Path, stained: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_off(*_: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr("scripts.volume.stain.unfinished.delete", cut_off)
            with pytest.raises(Killed):
                stain(whole / "scan.tif", stained, output_format=ALL_FORMATS)
        found = {name: content for name, content in contents(stained).items() if ".partial/" not in name}
        assert found == contents(whole / "out")

    def test_an_export_of_a_volume_that_was_changed_since_is_not_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        source = tiff(tmp_path / "scan.tif")

        def cut_off(*_: Any) -> None:
            raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(finishing, "preview_of", cut_off)
            with pytest.raises(Killed):
                stain(source, tmp_path / "out", output_format=ALL_FORMATS)
        tiff(source, LEVELS[::-1])
        os.utime(source, ns=(1, 1))
        stain(source, tmp_path / "out", output_format=ALL_FORMATS)
        for suffix in ALL_FORMATS:
            np.testing.assert_array_equal(rgb(tmp_path / "out" / f"scan_stain.{suffix}"), painted(LEVELS[::-1]))


def test_one_thread_stores_a_slab_before_it_reads_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the next slab's grey values take the memory that the stored one's stain took."""
    order: list[str] = []
    load, store = SlabDataset._load, StainStore.write

    def loaded(dataset: SlabDataset, index: int) -> dict[str, Any]:
        order.append(f"read {index}")
        return load(dataset, index)

    def stored(self: StainStore, start: int, slab: np.ndarray) -> list[np.ndarray]:
        time.sleep(0.05)  # the reader would overtake
        digests = store(self, start, slab)
        order.append(f"stored {start // 2}")
        return digests

    monkeypatch.setattr(SlabDataset, "_load", loaded)
    monkeypatch.setattr(StainStore, "write", stored)
    with ThreadPoolExecutor(1) as threads:
        stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", threads=threads)
    assert order == ["read 0", "read 1", "stored 0", "read 2", "stored 1", "stored 2"]


class TestNotFinite:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        values = LEVELS.astype(np.float32)
        values[1, 2, 3], values[1, 4, 4], values[4, 0, 0] = np.nan, np.inf, -np.inf
        return tiff(tmp_path / "scan.tif", values)

    @pytest.mark.parametrize(("nan_value", "becomes", "level"), [(None, 0.0, 0), (100, 100, 100)])
    def test_becomes(self, source: Path, tmp_path: Path, nan_value: float | None, becomes: float, level: int) -> None:
        expected = LEVELS.copy()
        expected[1, 2, 3] = expected[1, 4, 4] = expected[4, 0, 0] = level
        stain(source, tmp_path / "out", nan_value=nan_value)
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(expected))
        assert record(tmp_path / "out")["not_finite"] == {"voxels": 3, "became": becomes, "in_slabs_from": [0, 4]}

    def test_none(self, tmp_path: Path) -> None:
        stain(tiff(tmp_path / "scan.tif"), tmp_path / "out")
        assert record(tmp_path / "out")["not_finite"] == {"voxels": 0, "became": None, "in_slabs_from": []}


class TestMistakes:
    @pytest.mark.parametrize("output_format", ["png", ["tif", "mha"], []])
    def test_unknown_format(self, tmp_path: Path, output_format: str | Sequence[str]) -> None:
        with pytest.raises(InputError, match=r"give one or several of ome\.zarr, tif, nii, nii\.gz"):
            stain(tiff(tmp_path / "scan.tif"), tmp_path / "out", output_format=output_format)
        assert not (tmp_path / "out").exists()

    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "occupied").touch()
        source, checkpoint = tiff(tmp_path / "scan.tif"), tmp_path / "occupied"
        with pytest.raises(InputError, match=r"occupied/out cannot be written \(.*give another --output_dir"):
            plan_stainings(source, tmp_path / "occupied" / "out", TRAINED, checkpoint)

    @pytest.mark.parametrize("overwrite", [False, True])
    def test_output_onto_the_input(self, tmp_path: Path, overwrite: bool) -> None:
        (tmp_path / "out").mkdir()
        source = tiff(tmp_path / "out" / "scan.tif")
        before = source.read_bytes()
        stain(source, tmp_path / "out", output_format="tif")  # beside it is fine
        (tmp_path / "out" / "scan_stain.tif").unlink()
        (tmp_path / "out" / "scan_stain.tif").symlink_to(source)
        with pytest.raises(InputError, match=r"The output scan_stain\.tif would overwrite the input"):
            stain(source, tmp_path / "out", output_format="tif", overwrite=overwrite)
        assert source.read_bytes() == before

    @pytest.mark.parametrize("make", [tiff, zarr_array])
    def test_output_among_the_volumes(self, tmp_path: Path, make: Callable[[Path], Path]) -> None:
        """There the next run would take it for input."""
        (tmp_path / "volumes").mkdir()
        for name in ("a", "b"):
            make(tmp_path / "volumes" / f"{name}.{'tif' if make is tiff else 'zarr'}")
        with pytest.raises(InputError, match="volumes is the input: give another --output_dir"):
            stain(tmp_path / "volumes", tmp_path / "volumes")

    def test_output_among_the_slices(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="slices is the input: give another --output_dir"):
            stain(folder(tmp_path / "slices"), tmp_path / "slices")

    def test_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Met by the thread that stores."""

        def full(*_: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        source = tiff(tmp_path / "scan.tif")
        with monkeypatch.context() as patch:
            patch.setattr(StainStore, "write", full)
            with pytest.raises(InputError, match="No space left") as caught:
                stain(source, tmp_path / "out")
        assert "scan_stain.partial" in str(caught.value)
        assert "free some space and repeat the command" in str(caught.value)
        assert names(tmp_path / "out") == ["scan_stain.partial"]
        stain(source, tmp_path / "out")
        np.testing.assert_array_equal(rgb(tmp_path / "out" / "scan_stain.ome.zarr"), painted(LEVELS))

    def test_finishing_what_is_not_stained(self, tmp_path: Path) -> None:
        (tmp_path / "model.pt").touch()
        source = tiff(tmp_path / "scan.tif")
        stainings: list[Begun] = plan_stainings(source, tmp_path / "out", TRAINED, tmp_path / "model.pt")
        with pytest.raises(RuntimeError, match="slabs are missing"):
            VolumeWriter(stainings).finish()
