"""The phantom data set as a whole: files, splits, volumes, displacement, determinism, refusal to overwrite."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from bundle.synthetic.phantom.anatomy.materials import DEGRADATION, METAL, NEW_BONE, OLD_BONE, RESIN
from bundle.synthetic.phantom.command import add_arguments, run
from bundle.synthetic.phantom.displacement import displace
from bundle.synthetic.phantom.generate import make_phantom
from scripts.errors import InputError
from tests.conftest import ROOT

SIZE, DEPTH = 192, 4
TINY: dict[str, Any] = {"specimens": 3, "slices": 1, "size": 96, "volumes": 1, "depth": 2}


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "set"
    make_phantom(out, specimens=4, slices=1, size=SIZE, volumes=2, depth=DEPTH, processes=1)
    return out


def datalist(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "datalist.json").read_text())
    return content


def items(folder: Path) -> list[dict[str, Any]]:
    return [item for split in ("training", "validation", "test") for item in datalist(folder)[split]]


def image(folder: Path, name: str) -> NDArray[Any]:
    path = folder / name
    return tifffile.imread(path) if path.suffix == ".tif" else np.asarray(Image.open(path))


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def pixels_of(folder: Path, label: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """CT counts (N,) and aligned colours (N, 3) of all test and volume pixels of a class."""
    counts, colours = [], []
    for entry in datalist(folder)["phantom"]["volumes"]:
        stain, labels = (
            nib.Nifti1Image.from_filename(folder / entry["stain"]),
            nib.Nifti1Image.from_filename(folder / entry["labels"]),
        )
        mine = np.asanyarray(labels.dataobj) == label
        colour = np.asanyarray(stain.dataobj)
        counts.append(np.asanyarray(nib.Nifti1Image.from_filename(folder / entry["ct_nifti"]).dataobj)[mine])
        colours.append(np.stack([colour[c][mine] for c in "RGB"], axis=-1))
    for item in datalist(folder)["test"]:
        mine = image(folder, item["labels"]) == label
        counts.append(image(folder, item["ct"])[mine])
        colours.append(image(folder, item["histology"])[mine])
    return np.concatenate(counts), np.concatenate(colours)


def overlap(a: NDArray[Any], b: NDArray[Any], low: float, high: float) -> float:
    """Histogram overlap coefficient: 1 = same distribution, 0 = disjoint."""
    shares = [np.histogram(values, 64, (low, high))[0] / values.size for values in (a, b)]
    return float(np.minimum(*shares).sum())


def test_every_file_of_the_datalist_has_the_promised_form(phantom: Path) -> None:
    for item in items(phantom):
        ct, stain, labels = (image(phantom, item[key]) for key in ("ct", "histology", "labels"))
        assert (ct.shape, ct.dtype.name) == ((SIZE, SIZE), "uint16")
        assert (stain.shape, stain.dtype.name) == ((SIZE, SIZE, 3), "uint8")
        assert (labels.shape, labels.dtype.name) == ((SIZE, SIZE), "uint8")
        assert item["ct_window"] == [5000, 35000]
        assert item["pixel_um"] == 5.0
        assert ("histology_displaced" in item) == (item in datalist(phantom)["test"])
    listed = {item[key] for item in items(phantom) for key in item if isinstance(item[key], str) and "/" in item[key]}
    listed |= {name for entry in datalist(phantom)["phantom"]["volumes"] for name in entry.values() if "/" in name}
    assert listed | {"datalist.json"} == set(hashes(phantom))


def test_splits_share_no_specimen(phantom: Path) -> None:
    splits = [{item["specimen"] for item in datalist(phantom)[split]} for split in ("training", "validation", "test")]
    assert all(splits)
    assert len(set.union(*splits)) == sum(map(len, splits)) == 4


def test_same_seed_gives_the_same_bytes_whatever_the_processes(tmp_path: Path) -> None:
    make_phantom(tmp_path / "one", processes=1, **TINY)
    make_phantom(tmp_path / "two", processes=2, **TINY)
    make_phantom(tmp_path / "other", processes=1, seed=1, **TINY)
    one, two, other = (hashes(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    assert one.keys() == other.keys()
    assert all(one[name] != other[name] for name in one)


def test_workers_do_not_import_the_networks() -> None:
    code = "import sys, bundle.synthetic.phantom.pairs; sys.exit('torch' in sys.modules or 'scripts' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_nifti_and_tiff_volume_are_the_same_voxels(phantom: Path) -> None:
    volumes = datalist(phantom)["phantom"]["volumes"]
    assert {entry["split"] for entry in volumes} == {"test", "validation"}
    for entry in volumes:
        nifti = nib.Nifti1Image.from_filename(phantom / entry["ct_nifti"])
        stack = tifffile.imread(phantom / entry["ct_tiff"])
        assert stack.shape == (DEPTH, SIZE * 3 // 4, SIZE * 3 // 4)
        assert np.asanyarray(nifti.dataobj).dtype == stack.dtype == np.uint16
        np.testing.assert_array_equal(np.asanyarray(nifti.dataobj).T, stack)
        np.testing.assert_allclose(nifti.header.get_zooms(), 0.005)
        assert (
            nib.Nifti1Image.from_filename(phantom / entry["stain"]).shape
            == nib.Nifti1Image.from_filename(phantom / entry["labels"]).shape
            == nifti.shape
        )


def test_neighbouring_slices_of_a_volume_belong_together(phantom: Path) -> None:
    for entry in datalist(phantom)["phantom"]["volumes"]:
        labels = np.asanyarray(nib.Nifti1Image.from_filename(phantom / entry["labels"]).dataobj).T
        # Structures are ten pixels and more across, so one pixel of height changes the class at few places only.
        assert np.mean(labels[1:] == labels[:-1]) > 0.9
        assert not np.array_equal(labels[0], labels[-1])


def test_stored_displacement_maps_the_aligned_section_to_the_displaced_one(phantom: Path) -> None:
    for item in items(phantom):
        stored = np.load(phantom / item["displacement"])
        field = np.stack([stored["dy"], stored["dx"]])
        assert field.dtype == np.float16
        # float16 keeps eleven bits: a displacement of 4 to 8 pixels is rounded by at most 0.002 pixels.
        assert np.sqrt(np.mean(np.sum(field.astype(float) ** 2, axis=0))) == pytest.approx(2.0, abs=0.003)
        if "histology_displaced" in item:
            moved = displace(image(phantom, item["histology"]), field)
            np.testing.assert_array_equal(moved, image(phantom, item["histology_displaced"]))


def test_no_displacement_leaves_the_section_alone(tmp_path: Path) -> None:
    make_phantom(tmp_path / "set", processes=1, displacement=0, **TINY | {"volumes": 0})
    (item,) = datalist(tmp_path / "set")["test"]
    aligned, displaced = (image(tmp_path / "set", item[key]) for key in ("histology", "histology_displaced"))
    np.testing.assert_array_equal(aligned, displaced)
    assert not np.load(tmp_path / "set" / item["displacement"])["dy"].any()


def test_old_and_new_bone_overlap_in_grey_but_not_in_colour(phantom: Path) -> None:
    old, old_colour = pixels_of(phantom, OLD_BONE)
    new, new_colour = pixels_of(phantom, NEW_BONE)
    # The overlap is the sum of both error rates of the best rule on a single grey value; 0 would be no error at all.
    assert overlap(old, new, 5000, 35000) > 0.3
    assert overlap(old_colour[:, 0], new_colour[:, 0], 0, 256) < 0.3
    assert old.mean() > new.mean()
    assert old_colour[:, 0].mean() > new_colour[:, 0].mean() + 40


def test_degradation_layer_overlaps_with_bone_in_grey(phantom: Path) -> None:
    assert overlap(pixels_of(phantom, OLD_BONE)[0], pixels_of(phantom, DEGRADATION)[0], 5000, 35000) > 0.3


def test_metal_is_bright_in_ct_and_black_in_the_section(phantom: Path) -> None:
    metal, metal_colour = pixels_of(phantom, METAL)
    resin, resin_colour = pixels_of(phantom, RESIN)
    assert np.median(metal) > 20000 > 10000 > np.median(resin)
    assert 8 < np.median(metal_colour) < 26
    assert np.median(resin_colour) > 230


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(InputError, match="not empty"):
        make_phantom(tmp_path, **TINY)
    with pytest.raises(InputError, match="other than a phantom"):
        make_phantom(tmp_path, overwrite=True, **TINY)
    (tmp_path / "datalist.json").write_text('{"training": []}')
    with pytest.raises(InputError, match="other than a phantom"):
        make_phantom(tmp_path, overwrite=True, **TINY)
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_command_replaces_a_phantom_when_told_and_cleans_up_after_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    command = f"{tmp_path}/set --specimens 3 --slices 1 --size 96 --volumes 0 --processes 1"
    assert run(parser.parse_args(command.split())) == 0
    assert str(tmp_path / "set") in capsys.readouterr().out
    before = hashes(tmp_path / "set")
    assert run(parser.parse_args([*command.split(), "--seed", "1", "--overwrite"])) == 0
    after = hashes(tmp_path / "set")
    assert before != after

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bundle.synthetic.phantom.generate._finish", fail)
    with pytest.raises(KeyboardInterrupt):
        run(parser.parse_args([*command.split(), "--overwrite"]))
    assert hashes(tmp_path / "set") == after
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize(
    "options",
    [
        {"specimens": 2},
        {"specimens": [5, 1]},
        {"specimens": [5, 0, 1]},
        {"slices": 0},
        {"size": 64},
        {"displacement": -1.0},
        {"displacement": float("nan")},
        {"seed": -1},
        {"volumes": 15},
        {"depth": 0},
    ],
)
def test_options_out_of_range_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"at least|at most"):
        make_phantom(tmp_path / "set", **options)
    assert not any(tmp_path.iterdir())
