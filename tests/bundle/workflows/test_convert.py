"""The command ``convert``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr
from monai.bundle.workflows import ConfigWorkflow
from nibabel.nifti1 import Nifti1Image

from bundle.cli import main


@pytest.fixture
def stained(
    tmp_path: Path, phantom: Path, tiny_checkpoint: Path, workflow: Callable[..., ConfigWorkflow]
) -> Callable[..., Path]:
    """Stains the phantom's volume into a folder, in some formats, and returns the folder."""

    def stain(suffix: str = "tif", **options: object) -> Path:
        out = tmp_path / "stained"
        source = phantom / "volumes" / f"S03_ct.{suffix}"
        run = workflow("inference", input=source, output_dir=out, checkpoint=tiny_checkpoint, **options)
        run.run()
        return out

    return stain


def test_the_files_are_those_that_inference_writes(stained: Callable[..., Path], tmp_path: Path) -> None:
    out = stained(output_format=["ome.zarr", "tif", "nii.gz"], uncertainty=True, views=2)
    assert main(["convert", str(out), "--to", "nii.gz,tif", "--out", str(tmp_path / "c")]) == 0
    names = [f"S03_ct_{kind}.{suffix}" for kind in ("stain", "uncertainty") for suffix in ("nii.gz", "tif")]
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == sorted(names)
    for name in names:
        assert (tmp_path / "c" / name).read_bytes() == (out / name).read_bytes()


@pytest.mark.parametrize("suffix", ["tif", "nii.gz"])
def test_to_ome_zarr_and_back(stained: Callable[..., Path], tmp_path: Path, suffix: str) -> None:
    out = stained(output_format=["ome.zarr", suffix])
    zarr_of_run = out / "S03_ct_stain.ome.zarr"
    shutil.move(zarr_of_run, tmp_path / "aside.ome.zarr")
    assert main(["convert", str(out / f"S03_ct_stain.{suffix}"), "--to", "ome.zarr"]) == 0
    made, before = (zarr.open_group(str(path), mode="r") for path in (zarr_of_run, tmp_path / "aside.ome.zarr"))
    np.testing.assert_array_equal(made["0"][:], before["0"][:])
    assert made.attrs.asdict()["multiscales"] == before.attrs.asdict()["multiscales"]


def test_geometry_of_a_nifti_input(stained: Callable[..., Path]) -> None:
    out = stained("nii.gz", output_format=["ome.zarr", "nii.gz"])
    assert main(["convert", str(out), "--to", "nii"]) == 0
    ours, theirs = (Nifti1Image.from_filename(out / f"S03_ct_stain.{suffix}") for suffix in ("nii", "nii.gz"))
    np.testing.assert_array_equal(ours.affine, theirs.affine)
    np.testing.assert_array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))


def test_mistakes(stained: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = stained(output_format=["ome.zarr"])
    (tmp_path / "empty").mkdir()
    for place, formats, sentence in (
        (out, "png", "'png' is no format"),
        (out, "ome.zarr", "exists already"),
        (tmp_path / "empty", "tif", "holds no stained volume"),
        (tmp_path / "nowhere", "tif", "is no folder"),
        (tmp_path / "empty" / "a_stain.tif", "nii", "holds no stain"),
    ):
        assert main(["convert", str(place), "--to", formats]) == 1
        assert sentence in capsys.readouterr().err


def test_an_uncertainty_that_is_gone_is_missed(
    stained: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = stained(output_format=["tif"], uncertainty=True, views=2)
    (out / "S03_ct_uncertainty.tif").unlink()
    assert main(["convert", str(out), "--to", "nii, nii.gz", "--out", str(tmp_path / "c")]) == 1
    assert "stained with its uncertainty, which is no longer beside" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_a_stain_that_was_changed_leaves_nothing(
    stained: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    out = stained(output_format=["ome.zarr"])
    path = out / "S03_ct_stain.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["stain"]["sha256_of_slice_sha256"][0] = "0" * 64
    path.write_text(json.dumps(record), encoding="utf-8")
    for suffix in ("tif", "nii.gz"):
        assert main(["convert", str(out), "--to", suffix]) == 1
        assert "is not what its record describes" in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == [
        "S03_ct_stain.json",
        "S03_ct_stain.ome.zarr",
        "S03_ct_stain.png",
    ]
    shutil.rmtree(out / "S03_ct_stain.ome.zarr" / "0" / "1")
    assert main(["convert", str(out), "--to", "tif"]) == 1
    assert "was not copied whole" in capsys.readouterr().err
