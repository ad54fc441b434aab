"""Names of files that are not UTF-8, as media and archives from Windows have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.errors import find_input_error
from scripts.files.table import write_rows
from scripts.printable import listed, printable
from scripts.whole import write_text

LATIN = os.fsdecode("Schädel".encode("latin-1"))


def test_what_is_no_text_is_shown_as_its_byte() -> None:
    assert printable(Path("a") / LATIN) == r"a/Sch\xe4del"
    assert printable("Schädel µCT – 1") == "Schädel µCT – 1"
    assert printable("a\nb") == r"a\x0ab"
    printable("\ud800").encode()


def test_many_names_are_cut_off() -> None:
    assert listed(["a", "b", "c"], 3) == "a, b, c"
    assert listed([1, 2, 3, 4, 5], 3) == "1, 2, 3 and 2 more"


def test_files_with_such_names_in_them_are_text(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", LATIN)
    write_rows(tmp_path / "a.csv", [{"image": LATIN, "psnr": 20.0}])
    assert (tmp_path / "a.txt").read_text(encoding="utf-8").startswith("Sch")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[1].endswith("del,20")


def test_a_library_that_cannot_take_the_name_is_answered_for() -> None:
    with pytest.raises(UnicodeEncodeError) as refused:
        f"/data/{LATIN}".encode()
    assert r"/data/Sch\xe4del is a name that is not UTF-8: rename" in str(find_input_error(refused.value))
