"""Tests of a study's table."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.pairs.study.table.read import read_study
from scripts.errors import InputError

FILES = ("a.png", "b.png", "c.png", "u.tif", "v.tif", "w.h5", "marks.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def table(folder: Path, *lines: str) -> Path:
    path = folder / "study.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_rows(folder: Path) -> None:
    path = table(
        folder,
        "specimen,split,slide,volume,plane,landmarks,ct,histology,pixel_um,voxel_um,ct_window",
        'S1,training,a.png,v.tif,"40,0,0,1",,,,0.5,5,100 900',
        "S2,validation,b.png,w.h5:/entry/data,,marks.csv,,,,,",
        "S3,test,,,,,a.png,c.png,,,",
    )
    first, second, third = read_study(path)
    assert (first.name, first.specimen, first.split) == ("a", "S1", "training")
    assert (first.plane, first.pixel_um, first.voxel_um, first.ct_window) == ("40,0,0,1", 0.5, 5, (100, 900))
    assert first.slide == str(folder / "a.png")
    assert first.landmarks is None
    assert second.volume == f"{folder / 'w.h5'}:/entry/data"
    assert second.landmarks == str(folder / "marks.csv")
    assert (third.name, third.slide, third.ct) == ("c", None, str(folder / "a.png"))


def test_a_folder_stands_for_its_table(folder: Path) -> None:
    table(folder, "specimen,split,slide,volume", "S1,test,a.png,v.tif")
    assert read_study(folder)[0].name == "a"


def test_specimens_are_shared_out(folder: Path) -> None:
    path = table(folder, "specimen,slide,volume", "S1,a.png,v.tif", "S2,b.png,w.h5", "S3,c.png,u.tif")
    assert [row.split for row in read_study(path)] == ["training", "validation", "test"]


def test_names_with_dots_and_of_several_folders(folder: Path) -> None:
    for name in ("2024.01.05_S1.ome.tif", "2024.01.05_S2.ome.tif", "x/HE.svs", "y/HE.svs"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    head = "specimen,split,slide,volume"
    dots = table(folder, head, "S1,test,2024.01.05_S1.ome.tif,v.tif", "S1,test,2024.01.05_S2.ome.tif,v.tif")
    assert [row.name for row in read_study(dots)] == ["2024.01.05_S1", "2024.01.05_S2"]
    folders = table(folder, head, "S1,test,x/HE.svs,v.tif", "S2,test,y/HE.svs,v.tif")
    assert [row.name for row in read_study(folders)] == ["S1_HE", "S2_HE"]


def test_names_are_folders_and_no_paths(folder: Path) -> None:
    for name in ("x", "y"):
        (folder / name).mkdir()
        (folder / name / "HE.svs").write_bytes(b"x")
    head = "specimen,split,slide,volume"
    rows = read_study(table(folder, head, "B/../../x,test,x/HE.svs,v.tif", "..,test,y/HE.svs,v.tif"))
    assert [row.name for row in rows] == ["B_.._.._x_HE", "__HE"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["specimen,slides", "S1,a.png"], "column 'slides', which is not known: did you mean 'slide'"),
        (["specimen,split,slide,volume,pixel um", "S1,test,a.png,v.tif,1"], "'pixel um'.* did you mean 'pixel_um'"),
        (["specimen,section,scan", "S1,a.png,v.tif"], "neither the columns slide and volume, .* but specimen, section"),
        (["S1,test,a.png,v.tif"], "no column 'specimen', its first row holds s1, test, a.png, v.tif"),
        ([""], "no column 'specimen', its first row holds nothing"),
        (["specimen,split,slide,volume", 'S1,test,"a\0.png",v.tif'], "Row 2 of .*slide is .*cannot be a path"),
        (["specimen,split,slide,volume", f"S1,test,{'a' * 300},v.tif"], "Row 2 of .*slide is .*cannot be a path"),
        (["specimen,split,slide,volume", 'S1,test,"a\nb.png",v.tif'], "Row 2 of .*slide is .*control character"),
        (["specimen,split,slide,volume", "S1,test,=1+1,v.tif"], r"the slide .*=1\+1 \(row 2\)"),
        (["slide,volume", "a.png,v.tif"], "no column 'specimen'"),
        (["specimen,slide,volume"], "lists no section"),
        (["specimen,slide,volume", "S1,a.png,v.tif", "S2,b.png,v.tif"], "2 specimens, too few"),
        (["specimen,split,slide,volume", "S1,train,a.png,v.tif"], "the split 'train'"),
        (
            ["specimen,split,slide,volume", "S1,training,a.png,v.tif", "S1,test,b.png,v.tif"],
            "sections of S1 in training and in test",
        ),
        (
            ["specimen,split,slide,volume", "S1,test,a.png,v.tif", "S2,,b.png,v.tif"],
            "Row 3 of .* gives no split for S2, and no other row",
        ),
        (["specimen,split,slide,volume", "S1,test,a.png,"], "Row 2 of .* lacks slide and volume"),
        (["specimen,split,slide,volume", "S1,test,z.png,v.tif"], r"do not exist: the slide .*z.png \(row 2\)"),
        (["specimen,split,slide,volume", "S1,test,a.png,v.tif", "S1,test,a.png,v.tif"], "lists .*a.png twice"),
        (["specimen,split,slide,volume", "S1,test,a.png,v.tif", "S2,test,a.png,v.tif"], "lists .*a.png twice"),
        (
            ["specimen,split,slide,volume", "S1,test,a.png,v.tif", "S2,training,b.png,v.tif"],
            "v.tif in test and in training",
        ),
        (["specimen,split,slide,volume", "S1,test,a.png,v.tif", "s1,test,b.png,v.tif"], "spells a specimen S1 and s1"),
        (
            ["specimen,split,slide,volume,ct,histology", "S1,test,a.png,v.tif,b.png,c.png"],
            "Row 2 of .* give the two of one kind",
        ),
        (["specimen,split,slide,volume,pixel_um", "S1,test,a.png,v.tif,-1"], "pixel_um is '-1'"),
        (["specimen,split,slide,volume,ct_window", "S1,test,a.png,v.tif,9"], "CT window '9' of Row 2"),
        (["specimen,split,slide,volume", ",test,a.png,v.tif"], "names no specimen"),
        (
            ["specimen,split,slide,volume,ct_window", "S1,test,a.png,v.tif,1 9", "S1,test,b.png,v.tif,"],
            "several ct_window for S1",
        ),
    ],
)
def test_mistakes(folder: Path, lines: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_study(table(folder, *lines))


def test_all_missing_files_are_named_at_once(folder: Path) -> None:
    """By the rows of a spreadsheet, in which a cell may have several lines."""
    rows = ["specimen,split,slide,volume,note", 'S1,test,a.png,v.tif,"two\nlines"', "S2,test,A.PNG,gone.tif,"]
    with pytest.raises(InputError) as caught:
        read_study(table(folder, *rows))
    said = str(caught.value)
    assert f"2 file(s) of {folder / 'study.csv'} do not exist" in said
    assert f"relative to {folder}" in said
    assert "A.PNG (row 3), there is a.png" in said
    assert f"the volume {folder / 'gone.tif'} (row 3)" in said


def test_columns_of_ones_own_are_left_out(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = table(folder, "specimen,split,slide,volume,notes,cut by", "S1,test,a.png,v.tif,good,Eva")
    assert read_study(path)[0].specimen == "S1"
    assert "the columns notes, cut by are not known and left out" in caplog.text


def test_paths_of_windows_and_of_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "d.png").touch()
    monkeypatch.setenv("HOME", str(folder))
    for text in ("x\\d.png", "~/x/d.png", "x/d.png"):
        (row,) = read_study(table(folder, "specimen,split,slide,volume", f"S1,test,{text},v.tif"))
        assert row.slide == str(folder / "x" / "d.png")
