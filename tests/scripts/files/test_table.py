"""Tables as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from scripts.errors import InputError
from scripts.files.table import write_rows


def test_columns_in_order_of_appearance(tmp_path: Path) -> None:
    write_rows(tmp_path / "table.csv", [{"epoch": 1.0, "loss": 1 / 3}, {"epoch": 2.0, "ssim": 0.5, "name": "a, b"}])
    lines = (tmp_path / "table.csv").read_text().splitlines()
    assert lines == ["epoch,loss,ssim,name", "1,0.333333,,", '2,,0.5,"a, b"']
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_text_that_a_spreadsheet_would_run(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "a=1", "S01"]
    write_rows(tmp_path / "table.csv", [{"image": text, "dB": -1.5, "n": -2} for text in texts])
    with (tmp_path / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "a=1", "S01"]
    assert {(row["dB"], row["n"]) for row in rows} == {("-1.5", "-2")}


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"table\.csv cannot be written"):
        write_rows(tmp_path / "file" / "table.csv", [{"a": 1.0}])
