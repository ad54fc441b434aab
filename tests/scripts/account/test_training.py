"""The account of a training."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scripts.account import TrainingAccount


def account(rows: list[dict[str, float]], first_epoch: int | None, tmp_path: Path) -> TrainingAccount:
    best: Any = SimpleNamespace(key_metric="ssim", first_epoch=first_epoch)
    return TrainingAccount(tmp_path, cast(Any, SimpleNamespace(rows=rows)), best)


@pytest.mark.parametrize(("first_epoch", "epoch"), [(None, 1), (2, 3), (9, 4)])
def test_best_epoch_is_of_the_validations_that_compete(first_epoch: int | None, epoch: int, tmp_path: Path) -> None:
    """Where none competes, ``model.pt`` is of the last."""
    scores = {1: 0.9, 3: 0.8, 4: 0.8}
    rows = [{"epoch": float(n)} | ({"validation_ssim": scores[n]} if n in scores else {}) for n in range(1, 5)]
    found = account(rows, first_epoch, tmp_path)
    assert found.best_epoch == epoch
    assert found.scores == {"ssim": scores[epoch]}


def test_without_a_validation_there_is_no_best(tmp_path: Path) -> None:
    found = account([{"epoch": 1.0}], None, tmp_path)
    assert found.best_epoch is None
    assert found.scores == {}
