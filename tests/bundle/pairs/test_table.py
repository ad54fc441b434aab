"""Tests of reading tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.pairs.table import Line, read_table
from scripts.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        'Specimen, Plane\nS01,"120,0,0,1"\n',
        "specimen;plane\r\nS01;120,0,0,1\r\n",
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
        ("a,b\n1,5,0\n", r"Line 2 of .*a.csv has more cells than there are columns \(0\).*decimal point"),
        ("a,b,a\n1,2,3\n", "has the column a twice"),
        ('a,b\n"1,2\n', "is no CSV file"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "a.csv")
