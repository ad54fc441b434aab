"""From two folders, or a table, to a data list that training accepts."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from bundle.cli import main
from scripts.data.datalist.split import load_datalist


@pytest.fixture(scope="module")
def made(study: Path) -> Path:
    """The whole study in one command."""
    out = study / "D"
    assert main(["data", str(study / "CT slices"), str(study / "HE"), "--out", str(out)]) == 0
    return out


@pytest.fixture
def small(study: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Folders with two slices of one specimen."""
    for folder in ("CT slices", "HE"):
        (tmp_path / folder).mkdir()
        for path in sorted((study / folder).glob("Mg5Gd*"))[:2]:
            shutil.copy(path, tmp_path / folder)
    return tmp_path / "CT slices", tmp_path / "HE"


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert main(["data", *map(str, words)]) == 1
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_training_accepts_the_list(made: Path) -> None:
    specimens = {}
    for split in ("training", "validation", "test"):
        items = load_datalist(made, split)
        assert len(items) == 4
        specimens[split] = {item["specimen"] for item in items}
        assert all(item["window_given"] is False for item in items)
    assert set.union(*specimens.values()) == {"Prüfling 1", "Mg5Gd_8w", "ti 04"}


def test_the_study_may_be_moved(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made.parent, tmp_path / "moved")
    items = load_datalist(tmp_path / "moved" / "D", "training")
    assert all(Path(item["image"]).is_relative_to(tmp_path / "moved") for item in items)


def test_the_page_needs_nothing_else(made: Path) -> None:
    page = (made / "pairs.html").read_text(encoding="utf-8")
    assert page.count("<article") == 12
    assert page.count("data:image/jpeg;base64,") == 24
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "Prüfling 1_slice 002_ct" in page
    assert len(page) < 5e6


def test_the_worst_pair_comes_first(
    small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    section = small[1] / "Mg5Gd_8w-1-HE.PNG"
    Image.open(section).transpose(Image.Transpose.ROTATE_90).save(section, format="png")
    out = tmp_path / "D"
    assert main(["data", *map(str, small), "--out", str(out)]) == 0
    page = (out / "pairs.html").read_text(encoding="utf-8")
    assert page.index("Mg5Gd_8w_slice 001_ct") < page.index("Mg5Gd_8w_slice 000_ct")
    said = capsys.readouterr().out
    assert "Mg5Gd_8w_slice 001_ct: left out: The section fits if it is turned" in said
    assert "Only 1 specimen (Mg5Gd_8w): it is in training" in said
    assert "Fewer than three pairs" in said
    assert "then: training needs pairs for training and for validation. Add a specimen, or cut one pair" in said
    datalist = json.loads((out / "datalist.json").read_text())
    assert [len(datalist[split]) for split in ("training", "validation", "test")] == [1, 0, 0]
    assert "too few to be cut into parts" in refused(capsys, *small, "--out", out, "--within_specimen")
    assert json.loads((out / "datalist.json").read_text()) == datalist  # a mistake costs nothing
    words = ["--keep", "mg5gd_8w-1-he.png"]
    assert main(["data", *map(str, small), "--out", str(out), *words]) == 0
    assert len(json.loads((out / "datalist.json").read_text())["training"]) == 2
    assert "there is no such pair; did you mean" in refused(
        capsys, *small, "--out", out, "--keep", "Mg5Gd_8w_slice 01_ct"
    )


def test_a_table(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns in any order, German semicolons and commas, one of the laboratory's own."""
    rows = ["Specimen;Operator;Section;CT;voxel size"]
    for number, path in enumerate(sorted((study / "HE").iterdir())):
        specimen, slice_ = path.name.split("-")[0], path.name.split("-")[1]
        rows.append(
            f"{specimen};KM;{path};{study}/CT slices/{specimen}_slice 00{slice_}_ct.TIF;{'5,0' if number else ''}"
        )
    table = tmp_path / "T.csv"
    table.write_text("\n".join(rows), encoding="utf-8")
    assert main(["data", "--table", str(table), "--out", str(tmp_path / "D")]) == 0
    items = load_datalist(tmp_path / "D", "training")
    assert len(items) == 4
    assert "Nothing says how large" not in capsys.readouterr().out  # what the table leaves out, the files say
    table.write_text("\n".join(rows).replace("_slice 002", "_slice 02"), encoding="utf-8")
    error = refused(capsys, "--table", table, "--out", tmp_path / "D")
    assert error.count("slice 02_ct.TIF (row") == 3
    assert "(row 4)" in error  # the third of the first specimen, below the header


def test_folders_given_the_wrong_way_round(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, study / "HE", study / "CT slices", "--out", tmp_path / "D")
    assert "CT and sections are exchanged" in error
    assert not (tmp_path / "D").exists()


def test_no_name_in_common(small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place, path in enumerate(sorted(small[1].iterdir())):
        path.rename(path.with_name(f"rat{'AB'[place]}.png"))
    error = refused(capsys, *small, "--out", tmp_path / "D")
    assert "ratA.png, ratB.png" in error
    assert "--table" in error


def test_what_is_said_of_pairs(small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that does not say its pixel size, and names as a person reads them in the list."""
    ct = next(small[0].glob("*001*"))
    tifffile.imwrite(ct, tifffile.imread(ct))
    for folder in small:
        for path in folder.iterdir():
            path.rename(path.with_name(path.name.replace("Mg5Gd_8w", "Prüfling 9")))
    assert main(["data", *map(str, small), "--out", str(tmp_path / "D")]) == 0
    said = capsys.readouterr().out
    assert "2 pairs: 2 good." in said
    assert "Nothing says how large the pixels of 1 pair are: give --pixel_um" in said
    assert "CT slices/Prüfling 9_slice 001_ct.TIF" in (tmp_path / "D" / "datalist.json").read_text(encoding="utf-8")


def test_it_is_said_why_no_pair_can_be_used(
    small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in small[0].iterdir():
        tifffile.imwrite(path, np.zeros((5, 256, 256), np.uint16), photometric="minisblack")
    assert main(["data", *map(str, small), "--out", str(tmp_path / "D")]) == 1
    said = capsys.readouterr()
    assert said.out.count("holds a volume (5x256x256) where a 2D image was expected: save one slice per file.") == 2
    assert "None of the 2 pairs can be used: see above, or" in said.err
    assert not (tmp_path / "D" / "datalist.json").exists()


def test_what_has_no_partner_is_told_at_once(
    small: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("odd 1.png", "odd 2.png"):
        shutil.copy(next(small[1].iterdir()), small[1] / name)
    next(small[0].glob("*000*")).unlink()
    assert main(["data", *map(str, small), "--out", str(tmp_path / "D")]) == 0
    assert "No partner was found for 3 files of" in caplog.text
    assert all(name in caplog.text for name in ("Mg5Gd_8w-0-HE.PNG", "odd 1.png", "odd 2.png"))


def test_a_list_of_somebody_else_is_not_replaced(
    small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "datalist.json").write_text("{}")
    assert "did not write" in refused(capsys, *small, "--out", tmp_path)
    assert (tmp_path / "datalist.json").read_text() == "{}"


def test_an_output_folder_that_cannot_be_written(
    small: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(capsys, *small, "--out", tmp_path / "file" / "D")


def test_a_folder_without_images(tmp_path: Path, small: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "volumes").mkdir()
    (tmp_path / "volumes" / "scan.h5").write_text("")
    error = refused(capsys, tmp_path / "volumes", small[1], "--out", tmp_path / "D")
    assert "cut the slices out" in error
    assert "the folder of CT slices was expected" in refused(
        capsys, tmp_path / "volumes" / "scan.h5", small[1], "--out", tmp_path / "D"
    )
