"""The verdict on peaks that are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume import memory

SLAB_BYTES = 32 * 384 * 384 * 7


@pytest.mark.parametrize(
    ("slabs", "met"), [((2.0, 2.0), True), ((2.0, 2.09), True), ((2.0, 2.2), False), ((2.6, 2.6), False)]
)
def test_verdict(slabs: tuple[float, float], met: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = iter([int(count * SLAB_BYTES) for count in slabs] * 4)

    def write(path: Path, shape: tuple[int, int, int], dtype: str) -> Path:
        return path

    def peak(first: dict[str, Any], options: dict[str, Any]) -> int:
        return next(peaks)

    monkeypatch.setattr(memory, "KINDS", {"TIFF folder": write, "nii.gz": write})
    monkeypatch.setattr(memory, "peak_in_another_process", peak)
    result = memory.measure(Conditions(tmp_path, quick=True))
    assert result["met"] is met
    assert [row["slabs"] for row in result["rows"]] == [max(slabs)] * 4
