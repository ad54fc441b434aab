"""The page of a real training of the bundle, with tiny networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from tests.scripts.training_report.made import Parsed


def test_the_page_knows_what_account_and_record_know(
    workflow: Callable[..., ConfigWorkflow], phantom: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"train#trainer#max_epochs": 2, "val_interval": 1, "realign#epochs": [1], "seed": 3}
    workflow("train", dataset_dir=phantom, output_dir=tmp_path / "übung", **options).run()
    page = tmp_path / "übung" / "report.html"
    text = Parsed(page.read_text(encoding="utf-8")).text
    for words in (
        "übung: training report, finished",
        "All 2 epochs are complete",
        "Synthetic data.",
        "lookup table 0.",  # its SSIM
        "SSIM higher is better",
        "Of the 1 slice of the last validation, epoch 2.",
        "The CT of 1 training pair was moved",
        "val_interval 1 5",
        "Seed 3",
        "pixels, stain by epoch",
    ):
        assert words in text
    assert page.stat().st_size < 1e6
