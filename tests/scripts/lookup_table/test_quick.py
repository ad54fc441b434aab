"""A lookup table of few windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scripts.lookup_table import quick
from scripts.lookup_table.table import fit_lut
from tests.scripts.lookup_table.known_table import pairs


def test_small_data_are_taken_whole() -> None:
    found = quick.quick_table(pairs(range(3), 1.0), pairs(range(3, 5), 1.0))
    assert found.sigma == 1.0
    np.testing.assert_array_equal(found.table, fit_lut(pairs(range(3), 1.0), 1.0))
    assert found.words == "fitted to 3 training slices, its smoothing of 1 pixels chosen on 2 validation slices"


def test_few_windows_of_many_slices_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Slices(list[Any]):
        def __getitem__(self, index: Any) -> Any:
            asked.append(index)
            return super().__getitem__(index)

    monkeypatch.setattr(quick, "SIDE", 32)
    training = Slices(pairs(range(30), 0.0))
    found = quick.quick_table(training, pairs(range(30, 32), 0.0))
    assert len(set(asked)) == len(asked) == quick.FITTED
    assert found.sigma == 0.0


def test_without_validation_the_training_chooses() -> None:
    assert quick.quick_table(pairs(range(2), 0.0), []).words.endswith("chosen on the same slices")
