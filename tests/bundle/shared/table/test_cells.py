"""Cells of a table."""

from __future__ import annotations

import pytest

from bundle.shared.table.cells import number_in
from scripts.errors import InputError


@pytest.mark.parametrize(("text", "micrometres"), [("2.5", 2.5), ("2,5", 2.5), ("5", 5.0), ("", None)])
def test_micrometres(text: str, micrometres: float | None) -> None:
    assert number_in("Row 2", {"pixel_um": text}, "pixel_um") == micrometres


@pytest.mark.parametrize("text", ["1,234.5", "1,2,3", "five", "-5", "inf", "5 um"])
def test_no_micrometres(text: str) -> None:
    with pytest.raises(InputError, match=r"Row 2: pixel_um is '.*', expected micrometres as a number"):
        number_in("Row 2", {"pixel_um": text}, "pixel_um")
