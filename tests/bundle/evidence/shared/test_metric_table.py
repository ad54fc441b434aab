from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from bundle.evidence.shared.metric_table import read_summary, write_table
from scripts.errors import InputError


def summary(path: Path, rows: list[str]) -> Path:
    path.write_text("\n".join(["metric,mean,std,n", *rows, ""]))
    return path


@pytest.fixture
def summaries(tmp_path: Path) -> dict[str, Path]:
    lut = summary(tmp_path / "lut.csv", ["psnr,20.124,1.5,8", "psnr_foreground,18,1,8", "ssim,0.61,0.1,8"])
    model = summary(tmp_path / "model.csv", ["lpips,0.1234,0.01,8", "ssim,0.7,0.02,8", "psnr,23.5,,1"])
    return {"lookup table": lut, "shipped weights": model}


def test_summary(summaries: dict[str, Path]) -> None:
    assert read_summary(summaries["lookup table"])["psnr"] == (20.124, 1.5)
    mean, deviation = read_summary(summaries["shipped weights"])["psnr"]
    assert mean == 23.5
    assert math.isnan(deviation)


def test_markdown(tmp_path: Path, summaries: dict[str, Path]) -> None:
    text = write_table(tmp_path / "out", summaries, "Synthetic data.")
    assert text.splitlines() == [
        "| method | PSNR / dB | SSIM | LPIPS | PSNR / dB (tissue) |",
        "| --- | --- | --- | --- | --- |",
        "| lookup table | 20.12 | 0.610 |  | 18.00 |",
        "| shipped weights | 23.50 | 0.700 | 0.123 |  |",
        "",
        "Synthetic data.",
    ]
    assert (tmp_path / "out" / "metrics.md").read_text() == text


def test_csv(tmp_path: Path, summaries: dict[str, Path]) -> None:
    write_table(tmp_path, summaries, "")
    with (tmp_path / "metrics.csv").open(newline="") as file:
        lut, model = csv.DictReader(file)
    assert lut["method"] == "lookup table"
    assert lut["psnr"] == "20.124"
    assert lut["psnr_std"] == "1.5"
    assert lut["lpips"] == ""
    assert model["lpips"] == "0.1234"
    assert model["psnr_std"] == "nan"
    assert model["psnr_foreground"] == ""


def test_missing_summary(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv is missing: evaluate first"):
        write_table(tmp_path, {"model": tmp_path / "none.csv"}, "")
