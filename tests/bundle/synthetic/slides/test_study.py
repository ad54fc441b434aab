"""Tests of the synthetic study."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.interpolate import RegularGridInterpolator

from bundle.cli import main
from bundle.pairs.place.landmarks import check_within, read_landmarks
from bundle.synthetic.slides.options import StudyOptions
from bundle.synthetic.slides.slide import FINER
from bundle.synthetic.slides.study import make_study
from scripts.data import load_datalist
from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

SMALL = StudyOptions(seed=5, slides=2, side=96, depth=24)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("study") / "study"
    make_study(out, SMALL, processes=1)
    return out


def test_files_say_how_large_their_pixels_are(study: Path) -> None:
    with (study / "study.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["specimen"] for row in rows] == ["S01", "S01"]
    with open_volume(study / rows[0]["volume"]) as volume:
        assert volume.shape == (24, 96, 96)
        assert volume.spacing == pytest.approx((0.005, 0.005, 0.005))
    with tifffile.TiffFile(study / rows[0]["slide"]) as tif:
        assert tif.is_ome
        assert tif.series[0].shape == (FINER * 120, FINER * 120, 3)  # a canvas a quarter larger than the block
        assert 'PhysicalSizeX="1.0"' in (tif.ome_metadata or "")
        assert len(tif.series[0].levels) == 2


def test_truth_leads_from_slide_to_block(study: Path) -> None:
    """Landmarks are places of the truth, off by a hand's tremor."""
    places = np.load(study / "truth" / "S01_a.npz")["places"]
    with (study / "landmarks" / "S01_a.csv").open(newline="") as file:
        marks = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    for mark in marks:
        row, column = (round((mark[f"slide_{axis}"] + 0.5) / FINER - 0.5) for axis in "yx")
        said = np.array([mark[f"volume_{axis}"] for axis in "zyx"])
        assert np.abs(said - places[:, row, column]).max() < 8  # five deviations of 1.5 voxels


def test_true_pairs_are_of_the_true_places(study: Path) -> None:
    """Where a section is whole, the true one looks like the slide, and its CT is the block's."""
    truth = study / "truth"
    (pair, other) = load_datalist(truth, "training")
    assert pair["specimen"] == other["specimen"] == "S01"
    assert pair["ct_window"] == [5000, 35000]
    with open_volume(study / "blocks" / "S01.ome.tif") as volume:
        block = volume.read(0, volume.shape[0])
    places = np.moveaxis(np.load(truth / "S01_a.npz")["places"], 0, -1).astype(float)
    inside = np.asarray(Image.open(pair["mask"])) > 0
    assert 0.3 < inside.mean() < 0.8  # of a canvas a quarter larger than the block along each side: 0.64 without a cut
    axes = [np.arange(size) for size in block.shape]
    expected = RegularGridInterpolator(axes, block.astype(float))(places[inside])
    np.testing.assert_allclose(tifffile.imread(pair["image"])[inside], expected, rtol=1e-4)
    slide = tifffile.imread(study / "slides" / "S01_a.ome.tif")
    reduced = slide.reshape(120, FINER, 120, FINER, 3).mean(axis=(1, 3))
    # Noise and JPEG average out; the lamp's colour, which differs by up to 5 %, and its slope stay.
    difference = np.abs(np.asarray(Image.open(pair["label"]), float) - reduced)[inside]
    assert difference.mean() < 10


def test_dye_varies_from_slide_to_slide(study: Path, tmp_path: Path) -> None:
    """The slides differ, the true sections do not."""
    make_study(tmp_path / "dyed", replace(SMALL, dye=0.5), processes=1)
    for name in ("histology/S01_a.png", "ct/S01_a.tif"):
        assert (tmp_path / "dyed" / "truth" / name).read_bytes() == (study / "truth" / name).read_bytes()
    means = [tifffile.imread(root / "slides" / "S01_a.ome.tif").mean() for root in (study, tmp_path / "dyed")]
    assert abs(means[0] - means[1]) > 2


def test_a_study_is_made_once(study: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*.tif")}
    make_study(study, SMALL, processes=1)
    assert {path: path.stat().st_mtime_ns for path in study.rglob("*.tif")} == before


def test_other_options_need_another_folder(study: Path) -> None:
    with pytest.raises(InputError, match="study of other options"):
        make_study(study, StudyOptions(seed=6, slides=2, side=96, depth=24))


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["slides", str(tmp_path)]) == 1
    assert "holds something else" in capsys.readouterr().err


def test_landmarks_can_be_used(study: Path) -> None:
    for path in (study / "landmarks").iterdir():
        check_within(read_landmarks(path), (FINER * 120, FINER * 120), (24, 96, 96))


def test_options_out_of_range(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["slides", str(tmp_path / "new"), "--side", "50"]) == 1
    assert "side is 50, it must be at least 96" in capsys.readouterr().err
