"""The command, from the outputs of inference to a page."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from monai.bundle import ConfigWorkflow

from bundle.cli import main
from scripts.files.digest import file_signature


def content(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page.read_text())
    assert found is not None
    return json.loads(found[1])


def test_stain_and_ct(stained_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    out = stained_folder()
    assert main(["view", str(out)]) == 0
    page = out / "scan_stain.html"
    assert f"{page}: 6 x 24 x 40 voxels (z, y, x)" in capsys.readouterr().out
    found = content(page)
    assert found["layers"] == ["stain", "ct"]
    assert found["shape"] == [6, 24, 40]
    assert not list(out.glob("*.partial"))


@pytest.mark.parametrize("kind", ["stain", "uncertainty"])
@pytest.mark.parametrize("suffix", ["ome.zarr", "tif", "nii.gz"])
def test_voxels_that_are_not_the_records_are_refused(
    kind: str, suffix: str, stained_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The first page shows that the digests by hand are those of what is read, in each format."""
    out = stained_folder(formats=(suffix,), uncertainty=True)
    assert main(["view", str(out)]) == 0
    record = json.loads((out / "scan_stain.json").read_text())
    digest = record[kind]["sha256_of_slice_sha256"][0]
    record[kind]["sha256_of_slice_sha256"] = [digest[:-1] + ("0" if digest[-1] != "0" else "1")]
    (out / "scan_stain.json").write_text(json.dumps(record))
    assert main(["view", str(out)]) == 1
    assert f"scan_{kind}.{suffix} is not what its record describes" in capsys.readouterr().err


def test_uncertainty_size_and_place(stained_folder: Callable[..., Path], tmp_path: Path) -> None:
    page = tmp_path / "pages" / "mine.html"
    assert main(["view", str(stained_folder(uncertainty=True)), "--size", "20", "--out", str(page)]) == 0
    found = content(page)
    assert found["layers"] == ["stain", "ct", "uncertainty"]
    assert (found["shape"], found["block"]) == ([3, 12, 20], [2, 2, 2])


def test_only_a_page_is_replaced(stained_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    out = stained_folder(formats=("tif",))
    stain = (out / "scan_stain.tif").read_bytes()
    assert main(["view", str(out), "--out", str(out / "scan_stain.tif")]) == 1
    assert "scan_stain.tif does not end in .html or .htm" in capsys.readouterr().err
    assert (out / "scan_stain.tif").read_bytes() == stain
    (out / "folder.html").mkdir()
    for folder in (out, out / "folder.html"):
        assert main(["view", str(out), "--out", str(folder)]) == 1
        assert f"{folder} is a folder: give the name of the page as well" in capsys.readouterr().err
    page = out / "OLD.HTM"
    page.write_text("old")
    assert main(["view", str(out), "--out", str(page)]) == 0
    assert content(page)["shape"] == [6, 24, 40]


def test_slices_far_apart(stained_folder: Callable[..., Path]) -> None:
    out = stained_folder(spacing=(0.02, 0.005, 0.005))
    assert main(["view", str(out), "--size", "20"]) == 0
    found = content(out / "scan_stain.html")
    assert (found["shape"], found["block"], found["spacing"]) == ([6, 12, 20], [1, 2, 2], [0.02, 0.005, 0.005])


def test_the_ct_is_gone(stained_folder: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    out = stained_folder()
    (tmp_path / "scan.tif").rename(tmp_path / "moved.tif")
    with caplog.at_level(logging.WARNING):
        assert main(["view", str(out)]) == 0
    assert content(out / "scan_stain.html")["layers"] == ["stain"]
    assert len(caplog.records) == 1
    assert "shows the stain without its CT" in caplog.text
    assert main(["view", str(out), "--ct", str(tmp_path / "moved.tif")]) == 0
    assert content(out / "scan_stain.html")["layers"] == ["stain", "ct"]


def test_another_ct(stained_folder: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused where it was given; one that took the scan's place is only left out."""
    out = stained_folder()
    tifffile.imwrite(tmp_path / "other.tif", np.zeros((6, 24, 41), np.uint16), photometric="minisblack")
    assert main(["view", str(out), "--ct", str(tmp_path / "other.tif")]) == 1
    assert "has 6 x 24 x 41 voxels" in capsys.readouterr().err
    assert not (out / "scan_stain.html").exists()
    (tmp_path / "other.tif").replace(tmp_path / "scan.tif")
    assert main(["view", str(out)]) == 0
    assert content(out / "scan_stain.html")["layers"] == ["stain"]


def test_a_ct_of_other_grey_values(
    stained_folder: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Shown, for it may have been filtered on purpose, but not as what was stained."""
    out = stained_folder()
    grey = tifffile.imread(tmp_path / "scan.tif")
    grey[3, 20, 30] += 1
    tifffile.imwrite(tmp_path / "other.tif", grey, photometric="minisblack")
    with caplog.at_level(logging.WARNING):
        assert main(["view", str(out), "--ct", str(tmp_path / "other.tif")]) == 0
    doubt = "The CT on this page, other.tif, is not what was stained: its grey values or their type are others."
    assert f"scan: {doubt} ({tmp_path / 'other.tif'})" in caplog.text
    found = content(out / "scan_stain.html")
    assert (found["doubt"], found["layers"], found["scan"]) == (doubt, ["stain", "ct"], "scan.tif")
    (tmp_path / "other.tif").replace(tmp_path / "scan.tif")
    assert main(["view", str(out)]) == 0
    assert "scan.tif, is not what was stained" in content(out / "scan_stain.html")["doubt"]


def test_the_same_ct_at_another_place_and_time(
    stained_folder: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = stained_folder()
    tifffile.imwrite(tmp_path / "copy.tif", tifffile.imread(tmp_path / "scan.tif"), compression="zlib")
    with caplog.at_level(logging.WARNING):
        assert main(["view", str(out), "--ct", str(tmp_path / "copy.tif"), "--size", "20"]) == 0
    assert not caplog.records
    assert content(out / "scan_stain.html")["doubt"] == ""


def test_a_ct_that_was_sliced_along_another_axis(
    stained_folder: Callable[..., Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its digest is not that of the slices that are read: size and time of change decide."""
    stained_folder()
    files = file_signature([tmp_path / "scan.tif"])
    out = stained_folder(sliced_along="y", made_of={"request": {}, "files": files})
    os.utime(tmp_path / "scan.tif", ns=(0, next(iter(files.values()))[1]))
    with caplog.at_level(logging.WARNING):
        assert main(["view", str(out)]) == 0
    assert not caplog.records
    assert content(out / "scan_stain.html")["doubt"] == ""
    os.utime(tmp_path / "scan.tif", ns=(0, 0))
    with caplog.at_level(logging.WARNING):
        assert main(["view", str(out)]) == 0
    doubt = content(out / "scan_stain.html")["doubt"]
    assert doubt.startswith("The CT on this page, scan.tif, may not be what was stained")
    assert doubt in caplog.text
    assert content(out / "scan_stain.html")["layers"] == ["stain", "ct"]


def test_several_volumes(stained_folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    stained_folder("b")
    out = stained_folder("a")
    assert main(["view", str(out), "--ct", "scan.tif"]) == 1
    assert "several volumes (a, b): say by --name" in capsys.readouterr().err
    assert main(["view", str(out), "--name", "b"]) == 0
    assert [path.name for path in out.glob("*.html")] == ["b_stain.html"]
    assert main(["view", str(out)]) == 0
    assert sorted(path.name for path in out.glob("*.html")) == ["a_stain.html", "b_stain.html"]


@pytest.mark.parametrize("size", ["15", "2049"])
def test_a_size_out_of_range(size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(tmp_path), "--size", size]) == 1
    assert f"--size is {size}: give a number from 16 to 2048" in capsys.readouterr().err


@pytest.mark.parametrize("formats", ["ome.zarr", "tif,nii.gz"])
def test_after_inference(
    formats: str, phantom: Path, tiny_checkpoint: Path, tmp_path: Path, workflow: Callable[..., ConfigWorkflow]
) -> None:
    """The record and files of a real run; the first time as a volume, the second time as a single image."""
    source = next((phantom / "volumes").glob("*.tif")) if formats == "ome.zarr" else next((phantom / "ct").glob("*.*"))
    build = workflow(
        "inference",
        input=source,
        checkpoint=tiny_checkpoint,
        output_dir=tmp_path,
        output_format=formats,
        uncertainty=True,
        tile_size=64,
    )
    build.run()
    build.finalize()
    assert main(["view", str(tmp_path)]) == 0
    [page] = tmp_path.glob("*.html")
    found = content(page)
    assert found["shape"] == ([3, 96, 96] if formats == "ome.zarr" else [1, 128, 128])
    assert (found["layers"], found["views"]) == (["stain", "ct", "uncertainty"], 4)
    record = json.loads(next(tmp_path.glob("*_stain.json")).read_text())
    assert found["window"] == [record["window"]["lo"], record["window"]["hi"]]
    assert found["doubt"] == ""  # the record's digest is that of the CT as the viewer reads it
    assert found["notice"].startswith("Virtual stain, computed from the CT")
