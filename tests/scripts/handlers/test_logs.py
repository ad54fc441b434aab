"""One log of several processes."""

from __future__ import annotations

from pathlib import Path

import pytest
from monai.handlers import StatsHandler, TensorBoardStatsHandler

from scripts.handlers import log_on_first_process


def test_only_the_first_process_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, stats = TensorBoardStatsHandler(log_dir=str(tmp_path)), StatsHandler()
    assert log_on_first_process([board, stats]) == [board, stats]
    monkeypatch.setattr("scripts.handlers.logs.rank", lambda: 1)
    assert log_on_first_process([board, stats]) == [stats]
