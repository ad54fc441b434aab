"""The bundle's three workflows, as MONAI runs them, on a tiny phantom with tiny networks."""

from __future__ import annotations

import copy
import csv
import errno
import functools
import itertools
import json
import math
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import nibabel
import numpy as np
import pytest
import tifffile
import torch
import yaml
import zarr
from monai.bundle import ConfigWorkflow
from PIL import Image

from scripts.errors import InputError, find_input_error
from scripts.precision import bfloat16_pays
from scripts.volume.stain.begun import Begun
from tests.conftest import ROOT
from tests.forked import in_two

Build = Callable[..., ConfigWorkflow]


def run(workflow: ConfigWorkflow) -> None:
    workflow.run()
    workflow.finalize()


def mistake(action: Callable[[], Any]) -> str:
    """Message of the `InputError` that an action ends with, however MONAI wrapped it."""
    with pytest.raises(Exception) as caught:
        action()
    error = find_input_error(caught.value)
    assert error is not None, f"not a user's mistake: {caught.value!r}"
    return str(error)


@pytest.mark.parametrize("kind", ["train", "evaluate", "inference"])
def test_monai_finds_all_properties(
    kind: str, workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    options = {"dataset_dir": phantom, "output_dir": tmp_path}
    if kind != "train":
        options["checkpoint"] = tiny_checkpoint
    assert workflow(kind, **options).check_properties() == []


def test_configs_name_only_published_packages() -> None:
    published = ("monai.", "ignite.", "torch.", "scripts.", "concurrent.futures.")  # the last is Python's own

    def targets(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["_target_"]] if "_target_" in node else []
            return own + [t for v in node.values() for t in targets(v)]
        return [t for v in node for t in targets(v)] if isinstance(node, list) else []

    for path in (ROOT / "configs").glob("*.yaml"):
        named = targets(yaml.safe_load(path.read_text()))
        assert all("." not in target or target.startswith(published) for target in named), path
    assert targets(yaml.safe_load((ROOT / "configs" / "train.yaml").read_text()))


def test_metadata_has_what_the_schema_asks_for() -> None:
    # the schema's required entries and types, written out because it lies on a server
    text = {"type": "string"}
    schema = {
        "type": "object",
        "required": [
            *("schema", "version", "changelog", "monai_version", "pytorch_version", "numpy_version"),
            *("required_packages_version", "task", "description", "authors", "copyright", "network_data_format"),
        ],
        "properties": {
            **dict.fromkeys(("schema", "version", "monai_version", "pytorch_version", "numpy_version", "task"), text),
            "changelog": {"type": "object", "additionalProperties": text},
            "required_packages_version": {"type": "object", "additionalProperties": text},
        },
    }
    metadata = json.loads((ROOT / "configs" / "metadata.json").read_text())
    jsonschema.validate(metadata, schema)
    assert metadata["version"] in metadata["changelog"]
    assert metadata["name"] == "xray_histology_virtual_staining"


def without_runs(content: Any) -> None:
    """Take out the text by which weights say of which run they are."""
    for name, value in list(content.items()):
        if name == "trained_on_json":
            del content[name]
        elif isinstance(value, dict):
            without_runs(value)


def test_two_and_two_epochs_make_the_weights_of_four(workflow: Build, phantom: Path, tmp_path: Path) -> None:
    options = {
        "dataset_dir": phantom,
        "learning_rate": 0.001,
        "decay_start": 1,
        "decay_epochs": 3,
        "realign#epochs": [1, 3],
        "train#trainer#fix_statistics_from": 3,
    }

    def train(folder: str, epochs: int, **more: Any) -> Path:
        out = tmp_path / folder
        override = {"output_dir": out, "train#trainer#max_epochs": epochs, **more}
        run(workflow("train", **options, **override))
        return out

    whole = train("whole", 4)
    parted = train("parted", 2)
    train("parted", 4, resume=True)

    for name in ("checkpoint.pt", "model.pt"):
        expected, got = (torch.load(out / name, weights_only=True) for out in (whole, parted))
        if name == "checkpoint.pt":  # digests of the pairs, which are text
            for key in ("all", "pairs"):
                assert got["realign"].pop(key) == expected["realign"].pop(key) != []
        without_runs(got)  # one was asked for two epochs at first
        without_runs(expected)
        torch.testing.assert_close(got, expected, rtol=0, atol=0, equal_nan=True)  # the same bits
    assert (parted / "history.csv").read_text() == (whole / "history.csv").read_text()
    with (whole / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
    assert [float(row["learning_rate"]) for row in rows] == pytest.approx([0.001, 0.00075, 0.0005, 0.00025])
    assert [bool(row["validation_ssim"]) for row in rows] == [False, True, False, True]
    assert sorted(page.name for page in (whole / "previews").iterdir()) == ["epoch_0002.png", "epoch_0004.png"]
    assert list((whole / "tensorboard").glob("events*"))

    network = torch.load(whole / "model.pt", weights_only=True)
    assert network["ct_window"].tolist() == [5000, 35000]  # the phantom's, travels with the weights

    assert "already holds a training" in mistake(lambda: train("whole", 6))
    assert "finished epoch 4 of 4" in mistake(lambda: train("whole", 4, resume=True))
    assert "no training to resume" in mistake(lambda: train("nowhere", 4, resume=True))


def test_augmentation_leaves_the_slices_in_memory_alone(workflow: Build, phantom: Path, tmp_path: Path) -> None:
    train = workflow("train", dataset_dir=phantom, output_dir=tmp_path)
    dataset = train.parser.get_parsed_content("train#dataset")
    assert dataset.copy_cache is False  # what is drawn from is the cache itself
    before = copy.deepcopy(dataset._cache)
    augment = train.parser.get_parsed_content("train#augmentation")
    for batch in itertools.islice(train.parser.get_parsed_content("train#dataloader"), 20):
        image = batch["image"].clone()
        assert not torch.equal(augment(batch)["image"], image[..., :64, :64])
        assert torch.equal(batch["image"], image)
    for item, old in zip(dataset._cache, before, strict=True):
        assert all(torch.equal(item[key], old[key]) for key in ("image", "label", "mask", "weight"))


def test_evaluation_writes_a_row_per_test_slice(
    workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    run(workflow("evaluate", dataset_dir=phantom, output_dir=tmp_path / "out", checkpoint=tiny_checkpoint))
    test_items = json.loads((phantom / "datalist.json").read_text())["test"]
    with (tmp_path / "out" / "metrics_per_image.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["specimen"] for row in rows] == [item["specimen"] for item in test_items]
    assert {"psnr", "ssim", "lpips", "psnr_foreground", "ssim_foreground", "lpips_foreground"} <= set(rows[0])
    with Image.open(tmp_path / "out" / "previews" / "preview.png") as page:
        assert page.width == 3 * 128 + 2 * 4
        assert page.height > 128 * len(rows)  # a line above says what was evaluated


def stain_in(output_dir: Path) -> np.ndarray:
    """The stain of the only OME-Zarr in a folder, (Z, Y, X, 3)."""
    (store,) = output_dir.glob("*_stain.ome.zarr")
    return np.moveaxis(zarr.open_group(str(store), mode="r")["0"][:], 0, -1)


def test_inference_writes_stain_preview_and_record(
    workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    (source,) = (phantom / "volumes").glob("*.tif")
    name, out = source.name.split(".")[0], tmp_path / "out"
    run(workflow("inference", checkpoint=tiny_checkpoint, input=source, output_dir=out))
    assert sorted(file.name for file in out.iterdir()) == [f"{name}_stain.{end}" for end in ("json", "ome.zarr", "png")]
    stain, shape = stain_in(out), tifffile.imread(source).shape
    assert stain.shape == (*shape, 3)
    assert stain.dtype == np.uint8
    assert stain.std() > 0
    with Image.open(out / f"{name}_stain.png") as page:
        page.load()
    record = json.loads((out / f"{name}_stain.json").read_text())
    assert record["input"]["path"] == str(source)
    assert record["input"]["shape_zyx"] == list(shape)
    window = record["window"]
    assert (window["lo"], window["hi"], window["source"]) == (5000.0, 35000.0, "trained")
    # background and mineral lie at 13 and 46 % of it, give or take 2 %, which is how far plain specimens differ
    assert window["landmarks"] == pytest.approx([8900, 18900], abs=600)
    assert "on whose scale it lies" in window["why"]
    assert record["checkpoint_path"] == str(tiny_checkpoint)
    assert record["device"] == "cpu"
    amp = bfloat16_pays("cpu")
    assert record["bfloat16"] is amp
    assert record["tile_size"] == (512 if amp else 256)
    assert record["outputs"] == [f"{name}_stain.ome.zarr", f"{name}_stain.png"]


def test_nifti_tiff_and_slice_folder_give_the_same_stain(
    workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    nifti, tiff = sorted((phantom / "volumes").iterdir())
    folder = tmp_path / "slices"
    folder.mkdir()
    for z, page in enumerate(tifffile.imread(tiff)):
        tifffile.imwrite(folder / f"slice_{z}.tif", page)

    stains = []
    for source in (nifti, tiff, folder):
        out = tmp_path / f"out_{source.name}"
        options: dict[str, Any] = {"checkpoint": tiny_checkpoint, "input": source, "output_dir": out}
        run(workflow("inference", **options, slab_size=2, output_format=["nii.gz", "tif", "ome.zarr"]))
        (as_nifti,), (as_tiff,) = out.glob("*_stain.nii.gz"), out.glob("*_stain.tif")
        stain = tifffile.imread(as_tiff)
        assert stain.shape == (3, *tifffile.imread(tiff).shape[1:], 3)
        assert stain.dtype == np.uint8
        np.testing.assert_array_equal(stain_in(out), stain)
        image = nibabel.nifti1.load(as_nifti)
        voxels = np.asanyarray(image.dataobj)
        np.testing.assert_array_equal(np.stack([voxels[c] for c in "RGB"], -1).transpose(2, 1, 0, 3), stain)
        if source == nifti:
            np.testing.assert_allclose(image.affine, nibabel.nifti1.load(nifti).affine)
        stains.append(stain)
    np.testing.assert_array_equal(stains[1], stains[0])
    np.testing.assert_array_equal(stains[2], stains[0])
    assert stains[0].std() > 0

    again = {"checkpoint": tiny_checkpoint, "input": tiff, "output_dir": tmp_path / f"out_{tiff.name}"}
    assert "--overwrite" in mistake(lambda: run(workflow("inference", **again)))
    for other in ("json", "png"):  # a stain in another format is not thrown away unasked
        (tmp_path / f"out_{tiff.name}" / f"{tiff.stem}_stain.{other}").unlink()
    before = stain_in(tmp_path / f"out_{tiff.name}")
    assert "_stain.ome.zarr exists already" in mistake(lambda: run(workflow("inference", **again, output_format="nii")))
    np.testing.assert_array_equal(stain_in(tmp_path / f"out_{tiff.name}"), before)
    run(workflow("inference", **again, overwrite=True))
    assert not list(
        (tmp_path / f"out_{tiff.name}").glob("*_stain.tif")
    )  # of the stain replaced, in formats not asked for
    assert not list((tmp_path / f"out_{tiff.name}").glob("*_stain.nii.gz"))
    assert stain_in(tmp_path / f"out_{tiff.name}").shape == stains[0].shape


def test_an_inferer_that_gives_no_levels_is_refused(
    workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    """Values in [0, 1] would be stored as black."""
    options = {"checkpoint": tiny_checkpoint, "dataset_dir": phantom, "output_dir": tmp_path}
    assert "leave inferer#as_uint8" in mistake(
        lambda: run(workflow("inference", **options, **{"inferer#as_uint8": False}))
    )
    assert not list(tmp_path.glob("*_stain.json"))


def test_a_folder_of_volumes_is_stained_whole(
    workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    run(
        workflow("inference", dataset_dir=phantom, checkpoint=tiny_checkpoint, output_dir=tmp_path, output_format="tif")
    )
    assert len(list(tmp_path.glob("*_stain.tif"))) == 2  # the NIfTI and the TIFF, under names of their own


def smooth_scan(path: Path, shape: tuple[int, int, int]) -> Path:
    """A ball in noise, on the scale of the tiny checkpoint's window."""
    places = np.meshgrid(*(np.linspace(-1, 1, side) for side in shape), indexing="ij")
    ball = 30000 * (np.linalg.norm(places, axis=0) < 0.8)
    noise = np.random.default_rng(0).integers(3000, 9000, shape)
    tifffile.imwrite(path, (ball + noise).astype(np.uint16), photometric="minisblack")
    return path


def test_another_axis_is_that_of_the_transposed_volume(workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
    scan = smooth_scan(tmp_path / "scan.tif", (6, 10, 16))
    tifffile.imwrite(tmp_path / "turned.tif", tifffile.imread(scan).transpose(1, 0, 2), photometric="minisblack")
    options: dict[str, Any] = {"checkpoint": tiny_checkpoint, "slab_size": 4, "slice_average": [1]}
    run(workflow("inference", **options, input=scan, output_dir=tmp_path / "sideways", axis="y"))
    run(workflow("inference", **options, input=tmp_path / "turned.tif", output_dir=tmp_path / "turned"))
    turned = stain_in(tmp_path / "turned").transpose(1, 0, 2, 3)
    np.testing.assert_array_equal(stain_in(tmp_path / "sideways"), turned)


def test_all_axes_give_the_mean_of_three_stains(workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
    scan = smooth_scan(tmp_path / "scan.tif", (6, 10, 16))
    for axis in ("z", "y", "x", "all"):
        run(workflow("inference", checkpoint=tiny_checkpoint, input=scan, output_dir=tmp_path / axis, axis=axis))
    mean = np.mean([stain_in(tmp_path / axis) for axis in "zyx"], axis=0)
    np.testing.assert_array_equal(stain_in(tmp_path / "all"), np.rint(mean))  # thirds: never half way


def test_uncertainty_lies_beside_a_stain_that_is_the_same(
    workflow: Build, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    scan = smooth_scan(tmp_path / "scan.tif", (5, 24, 16))
    options: dict[str, Any] = {"checkpoint": tiny_checkpoint, "input": scan, "slab_size": 2, "views": 3}
    options["output_format"] = ["ome.zarr", "tif", "nii.gz"]
    run(workflow("inference", **options, output_dir=tmp_path / "plain"))
    run(workflow("inference", **options, output_dir=tmp_path / "both", uncertainty="true"))
    np.testing.assert_array_equal(stain_in(tmp_path / "both"), stain_in(tmp_path / "plain"))
    assert not list((tmp_path / "plain").glob("*uncertainty*"))

    doubt = zarr.open(str(tmp_path / "both" / "scan_uncertainty.ome.zarr"), mode="r")["0"]
    assert doubt.shape == (1, 5, 24, 16)
    assert doubt.dtype == np.uint8
    assert doubt[:].min() < doubt[:].max()
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "both" / "scan_uncertainty.tif"), doubt[0])
    image = nibabel.nifti1.load(tmp_path / "both" / "scan_uncertainty.nii.gz")
    np.testing.assert_array_equal(np.asanyarray(image.dataobj).T, doubt[0])
    record = json.loads((tmp_path / "both" / "scan_stain.json").read_text())
    assert record["uncertainty"]["mean"] == pytest.approx(doubt[:].mean() / 4, abs=1e-3)
    assert record["uncertainty"]["percentile_80"] == np.sort(doubt[:].ravel())[int(0.8 * doubt.size) - 1] / 4
    assert "scan_uncertainty.tif" in record["outputs"]

    run(workflow("inference", **options, output_dir=tmp_path / "all", uncertainty=True, axis="all"))
    of_all = zarr.open(str(tmp_path / "all" / "scan_uncertainty.ome.zarr"), mode="r")["0"][:].astype(int)
    alone = []
    for axis in "zyx":
        run(workflow("inference", **options, output_dir=tmp_path / axis, uncertainty=True, axis=axis))
        alone.append(zarr.open(str(tmp_path / axis / "scan_uncertainty.ome.zarr"), mode="r")["0"][:].astype(int))
    np.testing.assert_array_equal(of_all, (2 * sum(alone) + 3) // 6)  # the mean, rounded half up
    record = json.loads((tmp_path / "all" / "scan_stain.json").read_text())["uncertainty"]
    assert record["percentile_95"] == np.sort(of_all.ravel())[math.ceil(0.95 * of_all.size) - 1] / 4

    run(workflow("inference", **options, output_dir=tmp_path / "both", overwrite=True))
    assert not list((tmp_path / "both").glob("*uncertainty*"))  # it was of the stain that is gone
    assert json.loads((tmp_path / "plain" / "scan_stain.json").read_text())["uncertainty"] is None


def test_a_stain_with_uncertainty_goes_on_where_it_was_stopped(
    workflow: Build, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = smooth_scan(tmp_path / "scan.tif", (6, 24, 16))
    options: dict[str, Any] = {"checkpoint": tiny_checkpoint, "input": scan, "slab_size": 2, "uncertainty": True}
    run(workflow("inference", **options, output_dir=tmp_path / "whole"))
    note = Begun.note
    noted: list[int] = []

    def stop_at_the_second(begun: Begun, axis: str, start: int, **notes: Any) -> None:
        if noted:
            raise RuntimeError("stopped")
        noted.append(start)
        note(begun, axis, start, **notes)

    with monkeypatch.context() as patched:
        patched.setattr(Begun, "note", stop_at_the_second)
        with pytest.raises(RuntimeError):
            run(workflow("inference", **options, output_dir=tmp_path / "stopped"))
    assert not (tmp_path / "stopped" / "scan_uncertainty.ome.zarr").exists()
    without = options | {"uncertainty": False, "output_dir": tmp_path / "stopped"}  # the rest would lack its own
    assert "another views" in mistake(lambda: run(workflow("inference", **without)))
    run(workflow("inference", **options, output_dir=tmp_path / "stopped"))
    for name in ("scan_stain.ome.zarr", "scan_uncertainty.ome.zarr"):
        files = [
            {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            for folder in (tmp_path / "whole" / name, tmp_path / "stopped" / name)
        ]
        assert files[0] == files[1]
        assert len(files[0]) > 3


def test_nan_in_the_middle_becomes_the_dark_end(workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
    scan = tifffile.imread(smooth_scan(tmp_path / "scan.tif", (12, 32, 32))).astype(np.float32)
    for name, value in (("nan", np.nan), ("dark", 5000)):
        scan[6, 5, 5] = value
        tifffile.imwrite(tmp_path / f"{name}.tif", scan, photometric="minisblack")
        options = {"checkpoint": tiny_checkpoint, "input": tmp_path / f"{name}.tif", "output_dir": tmp_path / name}
        run(workflow("inference", **options, ct_window=[5000, 35000]))
    np.testing.assert_array_equal(stain_in(tmp_path / "nan"), stain_in(tmp_path / "dark"))
    record = json.loads((tmp_path / "nan" / "nan_stain.json").read_text())
    assert record["not_finite"]["voxels"] == 1
    assert record["not_finite"]["became"] == 5000


SLICES = 60


class TestProcesses:
    """Inference in processes of its own, one thread each: the files are to be those of a plain run."""

    @staticmethod
    def files(output_dir: Path) -> dict[str, bytes]:
        found = sorted(file for file in output_dir.rglob("*") if file.is_file() and file.suffix != ".json")
        return {str(file.relative_to(output_dir)): file.read_bytes() for file in found}

    @pytest.fixture(scope="class")
    def scan(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return smooth_scan(tmp_path_factory.mktemp("scan") / "scan.tif", (SLICES, 100, 150))

    @pytest.fixture
    def in_this_process(
        self, scan: Path, workflow: Build, tiny_checkpoint: Path
    ) -> Iterator[Callable[[Path], dict[str, bytes]]]:
        """Inference in this process, or in one that is forked off it: a fresh one would import all of MONAI again."""

        def command(output_dir: Path) -> dict[str, bytes]:
            options = {"input": scan, "checkpoint": tiny_checkpoint, "output_dir": output_dir}
            run(workflow("inference", **options, slab_size=1, output_format=["ome.zarr", "tif"]))
            return self.files(output_dir)

        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # the order of sums in a convolution may depend on it
        yield command
        torch.set_num_threads(threads)

    def test_two_share_the_slabs(self, in_this_process: Callable[[Path], Any], tmp_path: Path) -> None:
        in_two(in_this_process, tmp_path / "out")
        assert self.files(tmp_path / "out") == in_this_process(tmp_path / "plain")

    def test_killed_and_started_again(self, in_this_process: Callable[[Path], Any], tmp_path: Path) -> None:
        partial = tmp_path / "out" / "scan_stain.partial"
        process = multiprocessing.get_context("fork").Process(target=in_this_process, args=(tmp_path / "out",))
        process.start()
        while not (partial / "slabs" / "z_000000.npz").exists():
            assert process.is_alive()
            time.sleep(0.002)
        process.kill()
        process.join(timeout=100)
        assert process.exitcode == -signal.SIGKILL
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["scan_stain.partial"]
        assert 1 <= len(list((partial / "slabs").glob("*.npz"))) < SLICES
        assert in_this_process(tmp_path / "out") == in_this_process(tmp_path / "plain")


class TestMistakes:
    def test_no_data_set(self, workflow: Build, tmp_path: Path) -> None:
        message = mistake(lambda: run(workflow("train", dataset_dir=tmp_path / "none", output_dir=tmp_path / "out")))
        assert "python -m bundle phantom" in message
        assert "none" in message

    def test_patch_larger_than_the_image(self, workflow: Build, phantom: Path, tmp_path: Path) -> None:
        message = mistake(lambda: run(workflow("train", dataset_dir=phantom, output_dir=tmp_path, patch_size=256)))
        assert "256" in message
        assert "128" in message

    def test_output_folder_that_is_a_file(
        self, workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
    ) -> None:
        occupied = tmp_path / "file"
        occupied.write_text("")
        options = {"dataset_dir": phantom, "output_dir": occupied}
        assert str(occupied) in mistake(lambda: run(workflow("train", **options)))
        for kind in ("evaluate", "inference"):
            build = functools.partial(workflow, kind, **options, checkpoint=tiny_checkpoint)
            assert str(occupied) in mistake(lambda: run(build()))  # noqa: B023 - called at once

    @pytest.mark.parametrize("kind", ["evaluate", "inference"])
    def test_checkpoint_of_another_architecture(
        self, kind: str, workflow: Build, phantom: Path, tiny_checkpoint: Path, tmp_path: Path
    ) -> None:
        options = {"dataset_dir": phantom, "output_dir": tmp_path, "checkpoint": tiny_checkpoint}
        message = mistake(lambda: run(workflow(kind, **options, **{"network_def#blocks": 2})))
        assert "another architecture" in message
        assert "model.pt" in message

    def test_nothing_to_stain(self, workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
        options = {"checkpoint": tiny_checkpoint, "input": tmp_path, "output_dir": tmp_path / "out"}
        assert "holds no images" in mistake(lambda: run(workflow("inference", **options)))

    def test_volume_cut_off_in_the_middle(self, workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
        rng = np.random.default_rng(0)
        whole = tmp_path / "scan.tif"
        tifffile.imwrite(whole, rng.integers(0, 60000, (6, 64, 64)).astype(np.uint16), compression="zlib")
        content = whole.read_bytes()
        whole.write_bytes(content[: len(content) * 2 // 3])
        out = tmp_path / "out"
        message = mistake(
            lambda: run(workflow("inference", checkpoint=tiny_checkpoint, input=whole, output_dir=out, slab_size=1))
        )
        assert "scan.tif" in message
        assert not out.exists() or not list(out.iterdir())  # nothing that looks like a stain

    def test_damaged_slice(self, workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
        """Met while it is stained: the middle slice and the neighbours that are compared are whole."""
        folder, out = tmp_path / "scan", tmp_path / "out"
        folder.mkdir()
        for z, image in enumerate(tifffile.imread(smooth_scan(tmp_path / "scan.tif", (9, 32, 32)))):
            tifffile.imwrite(folder / f"slice_{z}.tif", image)
        content = (folder / "slice_8.tif").read_bytes()
        (folder / "slice_8.tif").write_bytes(content[:-100])
        options = {"checkpoint": tiny_checkpoint, "input": folder, "output_dir": out, "ct_window": [5000, 35000]}
        message = mistake(lambda: run(workflow("inference", **options, slab_size=2)))
        assert "Slice 8 of 9" in message
        assert "slice_8.tif" in message
        assert [path.name for path in out.iterdir()] == ["scan_stain.partial"]

    @pytest.mark.parametrize("slab_size", [0, -1, 1.5, "x"])
    def test_slab_size(self, slab_size: Any, workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "scan.tif", np.random.default_rng(0).random((5, 32, 32)).astype(np.float32))
        options = {"checkpoint": tiny_checkpoint, "input": tmp_path / "scan.tif", "output_dir": tmp_path / "out"}
        assert "slab_size" in mistake(lambda: run(workflow("inference", **options, slab_size=slab_size)))

    @pytest.mark.parametrize(
        "when", ["write.stain_store.StainStore.write", "stain.begun.Begun.note", "stain.finish.preview_of"]
    )
    def test_full_disk(
        self, when: str, workflow: Build, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any, **__: Any) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(f"scripts.volume.{when}", full)
        tifffile.imwrite(tmp_path / "scan.tif", np.random.default_rng(0).random((5, 32, 32)).astype(np.float32))
        options = {"checkpoint": tiny_checkpoint, "input": tmp_path / "scan.tif", "output_dir": tmp_path / "out"}
        assert "free some space" in mistake(lambda: run(workflow("inference", **options)))
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["scan_stain.partial"]

    @pytest.mark.parametrize("switch", ["overwrite", "amp"])
    def test_a_switch_that_is_none(self, switch: str, workflow: Build, tiny_checkpoint: Path, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "scan.tif", np.random.default_rng(0).random((5, 32, 32)).astype(np.float32))
        out = tmp_path / "out"
        out.mkdir()
        (out / "scan_stain.png").write_text("an earlier result")
        options = {"checkpoint": tiny_checkpoint, "input": tmp_path / "scan.tif", "output_dir": out}
        elsewhere = options | {"output_dir": tmp_path / "elsewhere", switch: "maybe"}
        assert f"option --{switch} is 'maybe'" in mistake(lambda: run(workflow("inference", **elsewhere)))
        assert "--overwrite" in mistake(lambda: run(workflow("inference", **options, overwrite="false")))

    def test_library_callers_get_the_exception_itself(self, tmp_path: Path) -> None:
        from scripts.data import load_datalist

        with pytest.raises(InputError, match=r"datalist.json"):
            load_datalist(tmp_path, "training")
