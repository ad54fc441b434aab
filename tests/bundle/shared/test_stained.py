"""Finding what is stained in a folder."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle.shared.stained import find_stained
from scripts.errors import InputError


def test_what_the_record_says(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(formats=("tif", "nii.gz"), spacing=(0.02, 0.005, 0.004))
    [one] = find_stained(out)
    assert (one.name, one.shape, one.spacing, one.window) == ("scan", (6, 24, 40), (0.02, 0.005, 0.004), (2000, 23000))
    assert (one.stain, one.uncertainty) == (out / "scan_stain.tif", None)


def test_the_pyramid_is_preferred(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(formats=("tif", "ome.zarr"), uncertainty=True)
    [one] = find_stained(out)
    assert (one.stain, one.uncertainty) == (out / "scan_stain.ome.zarr", out / "scan_uncertainty.ome.zarr")


def test_an_uncertainty_of_another_staining_is_no_part_of_it(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(uncertainty=True)
    record = json.loads((out / "scan_stain.json").read_text())
    (out / "scan_stain.json").write_text(json.dumps({**record, "uncertainty": None}))
    assert find_stained(out)[0].uncertainty is None


def test_what_an_earlier_staining_left_is_not_taken(
    stained_folder: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    """A volume stained again as TIFF beside the OME-Zarr of the first time."""
    stained_folder(formats=("ome.zarr",), uncertainty=True)
    out = stained_folder(formats=("tif",), uncertainty=True)
    [one] = find_stained(out)
    assert (one.stain, one.uncertainty) == (out / "scan_stain.tif", out / "scan_uncertainty.tif")
    (out / "scan_uncertainty.tif").unlink()
    with caplog.at_level(logging.WARNING):
        assert find_stained(out)[0].uncertainty is None
    assert "its uncertainty (scan_uncertainty.tif) is not there" in caplog.text
    (out / "scan_stain.tif").unlink()
    with pytest.raises(InputError, match=r"not there: expected scan_stain\.tif beside it"):
        find_stained(out)


def test_one_of_two_formats_was_copied(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(formats=("ome.zarr", "nii.gz"))
    shutil.rmtree(out / "scan_stain.ome.zarr")
    assert find_stained(out)[0].stain == out / "scan_stain.nii.gz"


@pytest.mark.parametrize(
    ("software", "left_out"), [({}, False), ({"zarr": "2.18.3"}, False), ({"zarr": "3.1.6"}, True)]
)
def test_who_leaves_out_zeros(software: dict[str, str], left_out: bool, stained_folder: Callable[..., Path]) -> None:
    assert find_stained(stained_folder(software=software))[0].zeros_left_out is left_out


def test_renamed_with_its_record(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder()
    for path in out.iterdir():
        path.rename(out / path.name.replace("scan", "mine"))
    assert find_stained(out)[0].stain == out / "mine_stain.ome.zarr"


def test_an_older_record_lists_nothing(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(formats=("tif",), outputs=None)
    assert find_stained(out)[0].stain == out / "scan_stain.tif"


def test_several_and_one_of_them(stained_folder: Callable[..., Path], caplog: pytest.LogCaptureFixture) -> None:
    stained_folder("b")
    out = stained_folder("a")
    (out / "c_stain.partial").mkdir()
    with caplog.at_level(logging.WARNING):
        assert [one.name for one in find_stained(out)] == ["a", "b"]
    assert "c is left out: its staining is not finished" in caplog.text
    assert [one.name for one in find_stained(out, "b")] == ["b"]
    with pytest.raises(InputError, match="no stain of 'd': give --name one of a, b"):
        find_stained(out, "d")
    with pytest.raises(InputError, match=r"c_stain\.partial is not finished"):
        find_stained(out, "c")


def test_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        find_stained(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no stained volume"):
        find_stained(tmp_path)


def test_unfinished(tmp_path: Path) -> None:
    (tmp_path / "scan_stain.partial").mkdir()
    with pytest.raises(InputError, match=r"scan_stain\.partial is not finished: repeat the command"):
        find_stained(tmp_path)


def test_the_stain_is_gone(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder()
    shutil.rmtree(out / "scan_stain.ome.zarr")
    with pytest.raises(InputError, match="record of a stain that is not there"):
        find_stained(out)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"outputs": 3}', '{"outputs": ["scan_stain.png"]}', '{"uncertainty": null, "input": 3}']
)
def test_no_record(text: str, stained_folder: Callable[..., Path]) -> None:
    out = stained_folder()
    (out / "scan_stain.json").write_text(text)
    with pytest.raises(InputError, match="is not the record of a staining"):
        find_stained(out)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("input", "voxel_size_zyx_mm"), [1]),
        (("input", "voxel_size_zyx_mm"), [0, 1, 1]),
        (("input", "voxel_size_zyx_mm"), [float("nan")] * 3),
        (("input", "shape_zyx"), [-6, 24, 40]),
        (("input", "shape_zyx"), [10**12] * 3),
        (("input", "affine_xyz_to_mm"), [[1, 2]]),
        (("input", "path"), "x\0y"),
        (("window", "lo"), float("nan")),
        (("checkpoint_path",), [1]),
        (("checkpoint", "sha256"), None),
        (("uncertainty",), 3),
        (("made_of", "request"), []),
    ],
)
def test_a_tampered_record(path: tuple[str, ...], value: object, stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(uncertainty=True)
    record = json.loads((out / "scan_stain.json").read_text())
    entry = record
    for key in path[:-1]:
        entry = entry[key]
    entry[path[-1]] = value
    (out / "scan_stain.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="is not the record of a staining"):
        find_stained(out)
