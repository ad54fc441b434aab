"""One notation of a window: of the command line, of JSON, of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scripts.data.given_window import given_or_none, given_window
from scripts.errors import InputError


@pytest.mark.parametrize(
    "value", [[5000, 35000], (5000.0, 35000.0), np.array([5000, 35000]), "[5000, 35000]", "5000 35000", "5000;35000"]
)
def test_two_numbers_in_every_form(value: Any) -> None:
    assert given_window(value, "scan") == (5000.0, 35000.0)


def test_negative_numbers_and_words() -> None:
    assert given_window("-1000 2e3", "scan") == (-1000.0, 2000.0)
    assert [given_window(word, "scan") for word in ("landmarks", " percentiles ", "export")] == [
        "landmarks",
        "percentiles",
        "export",
    ]
    assert given_or_none(None, "scan") is None


@pytest.mark.parametrize(
    "value", [[1], [2, 1], [1, 1], [1, float("nan")], [True, 2], "1 2 3", "bone", "", {}, 3, b"12"]
)
def test_what_is_no_window(value: Any) -> None:
    with pytest.raises(InputError, match=r"of scan\.tif is not \[lo, hi\].*landmarks, percentiles, export"):
        given_window(value, "scan.tif")


def test_json_has_numbers_as_numbers() -> None:
    with pytest.raises(InputError, match="5000 35000"):
        given_window("5000 35000", "item 1", numbers_as_text=False)
