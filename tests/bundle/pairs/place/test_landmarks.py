"""Tests of reading landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bundle.pairs.place.landmarks import Landmarks, check_within, read_landmarks
from scripts.errors import InputError

HEADER = "slide_x,slide_y,volume_x,volume_y,volume_z\n"


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("\ufeff" + HEADER + "1,2,3,4,5\n6,7,8,9,10\n11,12,13,14,15\n", encoding="utf-8")
    marks = read_landmarks(path)
    assert marks.on_slide[0].tolist() == [2, 1]
    assert marks.in_volume[2].tolist() == [15, 14, 13]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y\n1,2\n", "lacks slide_x, slide_y"),
        ("", "lacks slide_x"),
        (HEADER + "1,2,3,4,5\n1,2,3,4,5\n", "has 2 landmarks, a plane needs 3"),
        (HEADER + "1,2,3,4,5\n1,2,x,4,5\n1,2,3,4,5\n", "Row 3 of .* does not hold five numbers"),
        (HEADER + "1,2,3,4,5\n1,2,nan,4,5\n1,2,3,4,5\n", "NaN"),
        (HEADER + "1,2,3,4\n", "Row 2 of .* does not hold five numbers"),
    ],
)
def test_bad_files(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_landmarks(path)


def test_outside() -> None:
    rows = np.array([[10.0, 20.0], [500.0, 900.0]])
    marks = Landmarks(Path("marks.csv"), rows, np.array([[5.0, 50.0, 150.0], [90.0, 150.0, 200.0]]))
    with pytest.raises(InputError, match=r"Landmark \d+ of marks.csv lies outside the slide"):
        check_within(marks, (300, 1200), (200, 300, 300))
    with pytest.raises(InputError, match="outside the volume"):
        check_within(marks, (1000, 1200), (200, 100, 300))
    check_within(marks, (1000, 1200), (200, 300, 300))
