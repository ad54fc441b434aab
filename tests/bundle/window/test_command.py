"""The command ``window``: what it prints and draws, with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter

from bundle.cli import main


def write_scan(path: Path) -> Path:
    """Two slices of trabeculae, 600 in 200."""
    rng = np.random.default_rng(0)
    field = gaussian_filter(rng.standard_normal((2, 160, 160)), (0, 8, 8))
    bone = np.abs(field) < 0.4 * field.std()
    values = gaussian_filter(np.where(bone, 600.0, 200.0), (0, 0.7, 0.7)) + 25 * rng.standard_normal(bone.shape)
    tifffile.imwrite(path, values.astype(np.uint16), photometric="minisblack")
    return path


def test_picture_and_options_to_paste(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scan, picture = write_scan(tmp_path / "scan.tif"), tmp_path / "out" / "scan.png"
    assert main(["window", str(scan), "--out", str(picture)]) == 0
    said = capsys.readouterr().out
    lines = {line.split()[0]: line for line in said.splitlines() if "--ct_window" in line}
    assert list(lines) == ["landmarks", "percentiles", "export"]  # the shipped weights had no window for all scans
    assert "<- what staining takes" in lines["landmarks"]
    assert sum("<-" in line for line in lines.values()) == 1
    lo, hi = (float(word.strip('[],"')) for word in lines["landmarks"].split()[2:4])
    # background 200 at 0.129, mineral 600 at 0.462 of the window; trabeculae are blurred, hence 5 % of its width
    assert (lo, hi) == pytest.approx((45, 1246), abs=60)
    with Image.open(picture) as drawn:
        pixels = np.asarray(drawn.convert("RGB"))
    assert pixels.shape[1] == 1430  # 11 inches
    assert (np.abs(pixels.astype(int) - (217, 72, 15)).max(axis=2) < 10).sum() > 500  # orange landmarks and frame


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["window", str(write_scan(tmp_path / "scan.tif")), "--out", str(tmp_path / "a.jpg")]) == 1
    assert "give a name that ends in .png" in capsys.readouterr().err
    tifffile.imwrite(tmp_path / "flat.tif", np.full((40, 40), 7, np.uint16))
    assert main(["window", str(tmp_path / "flat.tif"), "--out", str(tmp_path / "a.png")]) == 1
    assert "is constant" in capsys.readouterr().err
