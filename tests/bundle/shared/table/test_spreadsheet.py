"""Tests of reading tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.shared.table.spreadsheet import Line, read_table
from scripts.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        'Specimen, Plane\nS01,"120,0,0,1"\n',
        "specimen;plane\r\nS01;120,0,0,1\r\n",
        "specimen\tplane\nS01\t120,0,0,1\n",
        '\ufeffspecimen,plane,,\nS01 ,"120,0,0,1",,\n,,,\n\n',
    ],
)
def test_what_spreadsheets_write(tmp_path: Path, text: str) -> None:
    """Blanks, capitals, semicolons, CRLF, the mark before UTF-8, empty lines and columns."""
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert read_table(tmp_path / "a.csv") == (
        ["specimen", "plane"],
        [Line(2, {"specimen": "S01", "plane": "120,0,0,1"})],
    )


def test_missing_cells_are_empty(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n1\n")
    assert read_table(tmp_path / "a.csv")[1] == [Line(2, {"a": "1", "b": "", "c": ""})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,5,0\n", r"Row 2 of .*a.csv has more cells than there are columns \(0\).*decimal point"),
        ("a,b,a\n1,2,3\n", "has the column a twice"),
        ('a,b\n"1,2\n', "is no CSV file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "a.csv")


def test_rows_are_counted_as_spreadsheets_do(tmp_path: Path) -> None:
    """A cell with a line break is in one row, and an empty row is one."""
    (tmp_path / "a.csv").write_text('a,b\n"1\n2",3\n\n4,5\n')
    assert [line.number for line in read_table(tmp_path / "a.csv")[1]] == [2, 4]


def test_encodings(tmp_path: Path) -> None:
    """Spreadsheets write "Unicode text" as UTF-16 with a mark; Latin-1 cannot be told from others."""
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "a.csv").write_text("a\tb\nSchädel\t2\n", encoding=encoding)
        assert read_table(tmp_path / "a.csv")[1] == [Line(2, {"a": "Schädel", "b": "2"})]
    (tmp_path / "a.csv").write_text("a\nSchädel\n", encoding="latin-1")
    with pytest.raises(InputError, match=r"a\.csv is not in UTF-8: save it again, as CSV UTF-8"):
        read_table(tmp_path / "a.csv")
