"""The verdict on peaks of resampled volumes that are made up, and what is run for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume import resampled


@pytest.mark.parametrize(("growth", "met"), [(1.0, True), (1.049, True), (1.06, False)])
def test_verdict(growth: float, met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[dict[str, Any]] = []

    def peak(first: dict[str, Any], options: dict[str, Any]) -> int:
        runs.append(options)
        return int(1e8 * growth ** (len(runs) % 2 == 0))

    monkeypatch.setattr(resampled, "write_nifti", lambda path, shape, dtype: path)
    monkeypatch.setattr(resampled, "sized_weights", lambda path: path)
    monkeypatch.setattr(resampled, "peak_in_another_process", peak)
    result = resampled.measure(Conditions(tmp_path))
    assert result["met"] is met
    assert [row["growth"] for row in result["rows"]] == [round(growth - 1, 3)] * 4
    assert [(run["voxel_um"], run["output_grid"]) for run in runs[::2]] == [
        (list(size), grid) for size, grid in resampled.CASES
    ]
