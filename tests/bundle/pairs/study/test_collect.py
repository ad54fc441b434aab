"""Tests of making a data set of a study."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from bundle.cli import main
from bundle.pairs import pair_folder
from bundle.pairs.pair import Pair
from bundle.pairs.report.figure import draw_report
from bundle.shared.section.light import light_of, values_of
from scripts.data import load_datalist
from scripts.data.image.pixel_size import read_pixel_size


@pytest.fixture
def registered(phantom: Path, tmp_path: Path) -> Path:
    """A study of the phantom's pairs, which are registered already."""
    lines = ["specimen,split,ct,histology,ct_window"]
    for split in ("training", "validation", "test"):
        items = load_datalist(phantom, split)
        lines += [f"{item['specimen']},{split},{item['image']},{item['label']},5000 35000" for item in items]
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "study"


def test_training_accepts_it(registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "3 of 3: " in said
    for split in ("training", "validation", "test"):
        (item,) = load_datalist(out, split)
        assert item["ct_window"] == [5000, 35000]
        assert item["pixel_um"] == 5.0  # as the CT's file says
        assert "mask" in item
    assert "S01_00" in (out / "summary.html").read_text()


def test_the_table_says_how_large_pixels_are(registered: Path, tmp_path: Path) -> None:
    """It counts more than the files; pair and data list then say the same."""
    lines = (registered / "study.csv").read_text().splitlines()
    table = [f"{lines[0]},pixel_um,voxel_um", f"{lines[1]},2.5,", f"{lines[2]},,7.5", f"{lines[3]},,"]
    (registered / "study.csv").write_text("\n".join(table) + "\n")
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    sizes = [load_datalist(out, split)[0] for split in ("training", "validation", "test")]
    assert [item["pixel_um"] for item in sizes] == [2.5, 7.5, 5.0]
    assert [read_pixel_size(item["image"]) for item in sizes] == [2.5, 7.5, 5.0]


def dyed(image: Path, strength: float) -> None:
    """Make the dye of a section stronger, the glass of which is white."""
    with Image.open(image) as opened:
        glass, light = light_of(np.array(245 / 255)), light_of(np.asarray(opened) / 255)
    values = values_of(np.clip(glass * (light / glass) ** strength, 0, 1))
    Image.fromarray(np.rint(255 * values).astype(np.uint8)).save(image)


def test_dyes_are_made_even(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One section of three is dyed by a quarter more. Without the option sections stay as they are."""
    item = load_datalist(phantom, "training")[0]
    lines = ["specimen,split,ct,histology,ct_window"]
    windows = {"training": "5000 35000", "test": "6000 30000"}  # the same grey values mean the same in both
    for name, split, strength in (("a", "training", 1.0), ("b", "training", 1.0), ("c", "test", 1.25)):
        shutil.copy(item["image"], tmp_path / f"ct_{name}.tif")
        shutil.copy(item["label"], tmp_path / f"{name}.png")
        dyed(tmp_path / f"{name}.png", strength)
        lines.append(f"{split},{split},ct_{name}.tif,{name}.png,{windows[split]}")
    (tmp_path / "study.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(tmp_path), "--out", str(out), "--normalise_stain"]) == 0
    assert "The dye of 3 sections was made even" in capsys.readouterr().out
    (usual, _), (strong,) = load_datalist(out, "training"), load_datalist(out, "test")
    assert Path(strong["label"]).name == "normalised.png"

    def values(path: Path | str) -> np.ndarray:
        with Image.open(path) as image:
            return np.asarray(image, float)

    dye = values(usual["label"]).max(axis=-1) > 128  # metal is none, and keeps what it was made
    before = np.abs(values(Path(strong["label"]).with_name("histology.png")) - values(usual["label"]))[dye].mean()
    # Both are rounded twice, by a grey level.
    assert np.abs(values(strong["label"]) - values(usual["label"]))[dye].mean() < 1.5 < 5 < before
    assert "dye 1.2" in (out / "summary.html").read_text()
    assert main(["pairs", "collect", str(tmp_path), "--out", str(out)]) == 0
    assert Path(load_datalist(out, "test")[0]["label"]).name == "histology.png"


def test_several_at_a_time(registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are forked, for their speed; `test_workers_end_with_their_parent` has those of a user."""
    forked = multiprocessing.get_context("fork")
    monkeypatch.setattr(multiprocessing, "get_context", lambda method=None: forked)
    assert main(["pairs", "collect", str(registered), "--out", str(tmp_path / "one")]) == 0
    assert main(["pairs", "collect", str(registered), "--out", str(tmp_path / "two"), "--jobs", "2"]) == 0
    for name in ("datalist.json", "pairs/S01_00/mask.png", "pairs/S03_00/ct.tif"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_it_goes_on_where_it_was(registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "data"
    main(["pairs", "collect", str(registered), "--out", str(out)])
    before = {path: path.stat().st_mtime_ns for path in out.rglob("ct.tif")}
    pair = out / "pairs" / "S02_00"
    (pair / "work.json").rename(pair / "work.json.partial")  # as if killed before it was whole
    capsys.readouterr()
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("was there already") == 2
    after = {path: path.stat().st_mtime_ns for path in out.rglob("ct.tif")}
    assert {path.parent.name for path in before if before[path] != after[path]} == {"S02_00"}


@contextlib.contextmanager
def begun(words: list[str]) -> Iterator[BaseProcess]:
    """A command in a process that is forked off this one, once the first pair is there; in the end it is killed."""
    reader, writer = os.pipe()

    def command() -> None:
        with open(writer, "w") as sys.stdout:
            main(words)

    process = multiprocessing.get_context("fork").Process(target=command)
    process.start()
    os.close(writer)
    with open(reader) as said:
        assert said.readline().startswith("1 of 3")
        yield process
        process.kill()
        process.join(timeout=100)
    assert process.exitcode == -signal.SIGKILL


def test_killed_and_started_again(registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed when the first pair is there: no data list claims to be whole, and the first pair is not made again."""
    out = tmp_path / "data"
    words = ["pairs", "collect", str(registered), "--out", str(out)]
    with begun(words):
        pass
    assert not (out / "datalist.json").exists()
    assert main(words) == 0
    assert "1 of 3: S01_00 (was there already)" in capsys.readouterr().out
    assert [len(load_datalist(out, split)) for split in ("training", "validation", "test")] == [1, 1, 1]
    assert not [path for path in out.rglob("*.partial")]


def test_workers_end_with_their_parent(registered: Path, tmp_path: Path) -> None:
    """Else they would write to a folder whose lock another process may take."""
    with begun(["pairs", "collect", str(registered), "--out", str(tmp_path / "data"), "--jobs", "2"]) as process:
        children = [
            child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())
        ]
    assert len(children) == 2
    _gone, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def test_a_pair_that_lost_a_file_is_made_again(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what a viewer of folders leaves behind is no reason not to."""
    out = tmp_path / "data"
    main(["pairs", "collect", str(registered), "--out", str(out)])
    (out / "pairs" / "S01_00" / "mask.png").unlink()
    (out / "pairs" / "S01_00" / ".DS_Store").write_bytes(b"x")
    capsys.readouterr()
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    assert "3 of 3: S01_00: " in capsys.readouterr().out  # after those that were there already
    assert (out / "pairs" / "S01_00" / "mask.png").is_file()


def test_a_study_that_was_moved_is_known(phantom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item, study = load_datalist(phantom, "training")[0], tmp_path / "study"
    study.mkdir()
    shutil.copy(item["image"], study / "ct.tif")
    shutil.copy(item["label"], study / "he.png")
    (study / "study.csv").write_text("specimen,split,ct,histology\nS01,training,ct.tif,he.png\n")
    out = str(tmp_path / "data")
    assert main(["pairs", "collect", str(study), "--out", out]) == 0
    study.rename(tmp_path / "moved")
    assert main(["pairs", "collect", str(tmp_path / "moved"), "--out", out]) == 0
    assert "he (was there already)" in capsys.readouterr().out


def test_a_broken_scan_ends_its_rows_alone(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (registered / "broken.tif").write_bytes(b"II*\0broken")
    (registered / "slide.png").write_bytes(b"x")
    table = (registered / "study.csv").read_text().splitlines()
    table = [f"{line},{more}" for line, more in zip(table, ["slide,volume", ",", ",", ","], strict=True)]
    table.append("S09,training,,,5000 35000,slide.png,broken.tif")
    (registered / "study.csv").write_text("\n".join(table) + "\n")
    assert main(["pairs", "collect", str(registered), "--out", str(tmp_path / "data")]) == 1  # one row has no pair
    said = capsys.readouterr().out
    assert "slide: not registered: " in said
    assert "broken.tif" in said
    assert len(load_datalist(tmp_path / "data", "training")) == 1


def test_a_file_that_changed_is_registered_again(
    phantom: Path, registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two sections of one specimen, whose window nobody has given: training accepts that, too."""
    item = load_datalist(phantom, "training")[0]
    for name in "ab":
        shutil.copy(item["image"], registered / f"ct_{name}.tif")
        shutil.copy(item["label"], registered / f"he_{name}.png")
    lines = ["specimen,split,ct,histology", *(f"S01,training,ct_{name}.tif,he_{name}.png" for name in "ab")]
    (registered / "study.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    first, second = load_datalist(out, "training")
    assert first["ct_window"] == second["ct_window"]
    assert not first["window_given"]
    raw = json.loads((out / "datalist.json").read_text())["training"][0]
    assert "ct_window" not in raw
    assert raw["window_found"]["percentiles"] == [0.5, 99.5]
    report = json.loads((out / "pairs" / "he_a" / "report.json").read_text())
    assert raw["window_found"] == report["window_found"]
    assert first["ct_window"] == report["ct_window"]  # shown with the window that training takes
    assert json.loads((out / "pairs" / "he_a" / "report.json").read_text())["ct_window_given"] is False
    assert "No pairs for validation, test" in capsys.readouterr().out
    os.utime(registered / "ct_b.tif", (1, 1))
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "he_a (was there already)" in said
    assert "he_b (was there already)" not in said


def test_a_full_disk_and_then_a_free_one(
    registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "data"
    calls: list[Path] = []

    def full(pair: Pair, path: Path) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        draw_report(pair, path)

    monkeypatch.setattr(pair_folder, "draw_report", full)
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert not (out / "datalist.json").exists()
    assert sorted(path.name for path in (out / "pairs").iterdir()) == ["S01_00"]
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 0
    assert capsys.readouterr().out.count("was there already") == 1
    assert len(load_datalist(out, "training")) == 1


def test_one_bad_section_does_not_end_the_study(
    registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.full((128, 128, 3), 240, np.uint8)).save(registered / "empty.png")
    tifffile.imwrite(registered / "grey.tif", np.arange(128 * 128, dtype=np.uint16).reshape(128, 128))
    with (registered / "study.csv").open("a") as file:
        file.write("S01,training,grey.tif,empty.png,5000 35000\n")
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 1
    said = capsys.readouterr().out
    assert "empty: not registered: " in said
    assert said.splitlines()[-1] == "Not in datalist.json: empty (1 not registered). The other 3 are."
    assert len(json.loads((out / "datalist.json").read_text())["training"]) == 1
    assert "empty.png is constant" in (out / "summary.html").read_text()


def test_a_mask_that_somebody_has_drawn(registered: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Drawn over a thumbnail of half the size; one of another shape ends its row."""
    drawn = np.full((64, 64), 255, np.uint8)
    drawn[:, :32] = 0
    Image.fromarray(drawn).save(registered / "drawn.png")
    Image.fromarray(drawn[:40]).save(registered / "wrong.png")
    lines = (registered / "study.csv").read_text().splitlines()
    masks = ["mask", "drawn.png", "wrong.png", ""]
    table = "\n".join(f"{line},{mask}" for line, mask in zip(lines, masks, strict=True))
    (registered / "study.csv").write_text(table + "\n")
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(registered), "--out", str(out)]) == 1
    assert "wrong.png has 64 x 40 pixels, another shape than" in capsys.readouterr().out
    mask = np.asarray(Image.open(out / "pairs" / "S01_00" / "mask.png"))
    half = mask.shape[1] // 2
    assert mask.shape[0] == mask.shape[1]
    assert not mask[:, :half].any()
    assert mask[:, half:].any()


def test_nothing_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.full((128, 128, 3), 240, np.uint8)).save(tmp_path / "empty.png")
    tifffile.imwrite(tmp_path / "grey.tif", np.arange(128 * 128, dtype=np.uint16).reshape(128, 128))
    (tmp_path / "study.csv").write_text("specimen,split,ct,histology\nS01,training,grey.tif,empty.png\n")
    assert main(["pairs", "collect", str(tmp_path), "--out", str(tmp_path / "data")]) == 1
    assert "No section could be used" in capsys.readouterr().err
    assert (tmp_path / "data" / "summary.html").is_file()


@pytest.mark.usefixtures("quick")
def test_slides(small_study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two slides of two specimens."""
    lines = (small_study / "study.csv").read_text().splitlines()
    study = small_study / "two.csv"
    study.write_text("\n".join([lines[0], lines[1], lines[3]]) + "\n")
    near = ["--depth", "12", "--tilt", "7", "--turn", "10", "--shift", "10", "--ct_window", "5000", "35000"]
    out = tmp_path / "data"
    assert main(["pairs", "collect", str(study), "--out", str(out), *near]) == 0
    assert "2 of 2" in capsys.readouterr().out
    datalist = json.loads((out / "datalist.json").read_text())
    assert [len(datalist[split]) for split in ("training", "validation", "test")] == [1, 1, 0]
    assert load_datalist(out, "training")[0]["specimen"] == "S01"
