"""Tests of registering a section from end to end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import map_coordinates

from bundle.cli import main
from bundle.pairs.registration import register
from bundle.synthetic.slides.files import write_scan, write_slide
from scripts.data import load_datalist

pytestmark = pytest.mark.usefixtures("quick")
NEAR = ["--depth", "12", "--tilt", "7", "--turn", "10", "--shift", "10"]


def row_of(study: Path, number: int) -> dict[str, str]:
    with (study / "study.csv").open(newline="") as file:
        return list(csv.DictReader(file))[number]


def errors_of(pair: Path, study: Path, name: str) -> np.ndarray:
    """Distances in voxels between found and true places where there is tissue."""
    truth = np.moveaxis(np.load(study / "truth" / f"{name}.npz")["places"], 0, -1)
    found = np.load(pair / "places.npz")["zyx"]
    assert found.shape == truth.shape
    mask = np.asarray(Image.open(pair / "mask.png")) > 0
    assert mask.any()
    return np.linalg.norm(found - truth, axis=-1)[mask]


def test_a_slide_finds_its_place(small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row, out = row_of(small_study, 0), tmp_path / "pair"
    files = ["--slide", str(small_study / row["slide"]), "--volume", str(small_study / row["volume"])]
    assert main(["pairs", "register", *files, "--plane", row["plane"], *NEAR, "--out", str(out)]) == 0
    assert "good: " in capsys.readouterr().out
    error = errors_of(out, small_study, "S01_a")
    assert np.median(error) < 1
    assert np.percentile(error, 95) < 3
    ct = tifffile.imread(out / "ct.tif")
    places = np.load(out / "places.npz")["zyx"]
    scan = tifffile.imread(small_study / row["volume"])
    inside = ((places > 0) & (places < np.array(scan.shape) - 1)).all(axis=-1)
    expected = map_coordinates(scan.astype(np.float32), places[inside].T, order=1)
    np.testing.assert_allclose(ct[inside], expected, rtol=1e-4)
    assert ct.dtype == np.float32
    report = json.loads((out / "report.json").read_text())
    assert report["pixel_um"] == pytest.approx(5)
    assert report["pixel_um_of_slide"] == pytest.approx(1)
    assert report["least_jacobian"] > 0
    page = (out / "report.html").read_text()
    assert "data:image/png;base64" in page
    assert "good" in page
    assert not list(tmp_path.glob("*.partial"))


def test_landmarks_lead_there(small_study: Path, tmp_path: Path) -> None:
    row, out = row_of(small_study, 1), tmp_path / "pair"
    files = ["--slide", str(small_study / row["slide"]), "--volume", str(small_study / row["volume"])]
    marks = small_study / "landmarks" / "S01_b.csv"
    assert main(["pairs", "register", *files, "--landmarks", str(marks), "--out", str(out)]) == 0
    assert np.median(errors_of(out, small_study, "S01_b")) < 1
    report = json.loads((out / "report.json").read_text())
    assert 0.5 < np.mean(report["landmark_errors_pixels"]) < 5  # the hand's tremor: 1.5 voxels along each axis


def test_a_slide_laid_on_its_back(small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Turned by a quarter and mirrored, as a person lays it on the glass."""
    row, out = row_of(small_study, 0), tmp_path / "pair"
    turned = np.ascontiguousarray(np.fliplr(np.rot90(tifffile.imread(small_study / row["slide"]))))
    write_slide(tmp_path / "turned.ome.tif", turned, 1)
    files = ["--slide", str(tmp_path / "turned.ome.tif"), "--volume", str(small_study / row["volume"])]
    options = ["--plane", row["plane"], *NEAR, "--any_way", "--out", str(out)]
    assert main(["pairs", "register", *files, *options]) == 0
    truth = np.moveaxis(np.load(small_study / "truth" / "S01_a.npz")["places"], 0, -1)
    mask = np.asarray(Image.open(out / "mask.png")) > 0
    error = np.linalg.norm(np.load(out / "places.npz")["zyx"] - np.fliplr(np.rot90(truth)), axis=-1)[mask]
    assert np.median(error) < 1
    assert np.percentile(error, 95) < 3


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits badly is not searched for again, which `test_attempts` is about."""
    monkeypatch.setattr(register, "SURE", 0)


@pytest.mark.usefixtures("once")
def test_another_specimen_is_rejected(small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slide, other = row_of(small_study, 0)["slide"], row_of(small_study, 2)["volume"]
    files = ["--slide", str(small_study / slide), "--volume", str(small_study / other)]
    assert main(["pairs", "register", *files, "--plane", "24,0,0,1", *NEAR, "--out", str(tmp_path / "pair")]) == 1
    assert "rejected: " in capsys.readouterr().out


@pytest.mark.usefixtures("once")
def test_a_scan_smaller_than_the_section(small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = row_of(small_study, 0)
    scan = tifffile.imread(small_study / row["volume"])
    write_scan(tmp_path / "part.ome.tif", scan[:, 60:130, 60:130], 5)
    files = ["--slide", str(small_study / row["slide"]), "--volume", str(tmp_path / "part.ome.tif")]
    assert main(["pairs", "register", *files, "--plane", row["plane"], *NEAR, "--out", str(tmp_path / "pair")]) == 1
    assert "of the section lie in the scan" in capsys.readouterr().out


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    image = np.full((200, 200, 3), 240, np.uint8)
    image[40:160, 50:150] = (120, 150, 200)
    write_slide(tmp_path / "sized.ome.tif", image, 1.0)
    write_slide(tmp_path / "unsized.ome.tif", image, None)
    write_slide(tmp_path / "empty.ome.tif", np.full((200, 200, 3), 240, np.uint8), 1.0)
    write_scan(tmp_path / "scan.ome.tif", np.random.default_rng(0).integers(0, 999, (9, 40, 40), np.uint16), 5)
    tifffile.imwrite(tmp_path / "unsized.tif", np.zeros((9, 40, 40), np.uint16), photometric="minisblack")
    (tmp_path / "two.csv").write_text("slide_x,slide_y,volume_x,volume_y,volume_z\n1,2,3,4,5\n2,2,3,4,5\n")
    return tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--slide unsized.ome.tif --volume scan.ome.tif", "unsized.ome.tif does not say how large its pixels are"),
        ("--slide sized.ome.tif --volume unsized.tif", "does not say how large its voxels are: give --voxel_um"),
        ("--slide empty.ome.tif --volume scan.ome.tif", "empty.ome.tif shows no section"),
        ("--slide sized.ome.tif --volume scan.ome.tif --landmarks two.csv", "has 2 landmarks, a plane needs 3"),
        ("--slide sized.ome.tif --volume scan.ome.tif --plane 99,0,0,1", "99 is none of them"),
        ("--slide sized.ome.tif --volume scan.ome.tif --pixel_um 20", "colours are only averaged"),
        ("--slide sized.ome.tif --volume scan.ome.tif --tilt -3", "--tilt -3: give 0 or more"),
        ("--slide sized.ome.tif", "Give --slide and --volume, or --ct and --histology"),
        ("--slide sized.ome.tif --volume nowhere.tif", "nowhere.tif does not exist"),
    ],
)
def test_mistakes(
    tiny: Path, options: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tiny)
    assert main(["pairs", "register", *options.split(), "--out", "pair"]) == 1
    assert said in capsys.readouterr().err
    assert not (tiny / "pair").exists()


def test_other_things_are_left_alone(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny / "thesis").mkdir()
    (tiny / "thesis" / "chapter.txt").write_text("mine")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)).save(tiny / "ct.png")
    picture = np.full((40, 40, 3), 240, np.uint8)
    picture[8:30, 8:30] = (100, 120, 200)
    Image.fromarray(picture).save(tiny / "he.png")
    pair = ["--ct", str(tiny / "ct.png"), "--histology", str(tiny / "he.png")]
    assert main(["pairs", "register", *pair, "--out", str(tiny / "thesis")]) == 1
    assert "exists and holds no pair" in capsys.readouterr().err
    assert (tiny / "thesis" / "chapter.txt").read_text() == "mine"


def test_a_registered_pair_gets_the_same_report(phantom: Path, tmp_path: Path) -> None:
    item = load_datalist(phantom, "training")[0]
    out = tmp_path / "pair"
    options = ["--ct", str(item["image"]), "--histology", str(item["label"]), "--ct_window", "5000", "35000"]
    main(["pairs", "register", *options, "--out", str(out)])
    report = json.loads((out / "report.json").read_text())
    assert report["verdict"] in ("good", "usable with mask")
    assert report["windows_that_fit"] > 0.5
    assert (out / "report.html").is_file()
    assert not (out / "places.npz").exists()
    np.testing.assert_array_equal(tifffile.imread(out / "ct.tif"), tifffile.imread(item["image"]))


def test_a_pair_of_two_sizes(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray((np.arange(2000) % 251).astype(np.uint8).reshape(40, 50)).save(tiny / "ct.png")
    Image.fromarray((np.arange(4800) % 251).astype(np.uint8).reshape(40, 40, 3)).save(tiny / "he.png")
    pair = ["--ct", str(tiny / "ct.png"), "--histology", str(tiny / "he.png")]
    assert main(["pairs", "register", *pair, "--out", str(tiny / "pair")]) == 1
    assert "40 x 40 pixels, but" in capsys.readouterr().err
