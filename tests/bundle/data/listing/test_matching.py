"""Names as people give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.data.listing.matching import match
from bundle.data.listing.names import Name, name_of
from bundle.data.listing.specimens import specimens_of
from scripts.errors import InputError

FOLDER = Path("/study")


def names(*files: str) -> list[Name]:
    return [name_of(FOLDER / file, FOLDER) for file in files]


@pytest.mark.parametrize(
    ("ct", "section"),
    [
        ("a1.tif", "a1.png"),
        ("A1.TIF", "a01.png"),
        ("Prüfling 1_slice 003_ct.TIF", "pru\u0308fling1-3-HE.png"),
        ("Prüfling 1_slice 003_ct.TIF", "Pruefling 1 3 H&E.jpg"),
        ("ct_Probe2_001.nii.gz", "Probe2_histology_1.ome.tif"),
        ("Rattenkiefer 1 CT.png", "Rattenkiefer_1_HE grau.png"),
        ("S01/slice_004.tif", "S1_4 stained.png"),
        ("Mg5Gd_8w_R1_003.tif", "Mg5Gd 8w R1 Schnitt 3 final.png"),
    ],
)
def test_partners(ct: str, section: str) -> None:
    matched = match(names(ct, "other_77.tif"), names("else 5.png", section))
    assert [(one.path.name, other.path.name) for one, other in matched.pairs] == [(Path(ct).name, Path(section).name)]
    assert [len(matched.first), len(matched.second)] == [1, 1]


def test_words_that_all_names_of_a_folder_have() -> None:
    matched = match(names("study7_S1_2_8bit.tif", "study7_S2_2_8bit.tif"), names("S2-2.png", "S1-2.png"))
    assert [(one.label, other.label) for one, other in matched.pairs] == [
        ("study7_S1_2_8bit", "S1-2"),
        ("study7_S2_2_8bit", "S2-2"),
    ]


def test_two_of_one_name_are_not_decided() -> None:
    matched = match(names("A 1.tif", "a_01.tif", "b2.tif"), names("a1.png", "b2.png"))
    assert [one.label for one, _ in matched.pairs] == ["b2"]
    assert [name.label for name in matched.first] == ["A 1", "a_01"]


def test_one_pair_alone() -> None:
    assert len(match(names("scan.tif"), names("photo.png")).pairs) == 1


@pytest.mark.parametrize(
    ("file", "specimen"),
    [
        ("a1.tif", "a"),
        ("S01_slice 003_ct.tif", "S01"),
        ("ct_12B.tif", "12"),
        ("Prüfling 7 - 004.tif", "Prüfling 7"),
        ("S01/004.tif", "S01"),
        ("004.tif", "specimen"),
    ],
)
def test_the_specimen_is_what_stands_before_the_number(file: str, specimen: str) -> None:
    assert specimens_of(names(file)) == [specimen]


def test_a_specimen_in_two_spellings_is_one() -> None:
    assert specimens_of(names("S01_1.tif", "s1_2.tif")) == ["S01", "S01"]


def test_a_pattern() -> None:
    assert specimens_of(names("x7_rat12_1.tif"), "rat[0-9]+") == ["rat12"]
    assert specimens_of(names("a1.tif", "a2.tif"), "each") == ["a1", "a2"]
    with pytest.raises(InputError, match="finds nothing in a1"):
        specimens_of(names("a1.tif"), "S[0-9]+")
    with pytest.raises(InputError, match="no regular expression"):
        specimens_of(names("a1.tif"), "(")
