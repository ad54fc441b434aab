"""Twelve pairs of a phantom, in two folders, with names as people give them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bundle.synthetic.phantom.generate import make_phantom

NAMES = {"S01": "Prüfling 1", "S02": "Mg5Gd_8w", "S03": "ti 04"}


@pytest.fixture(scope="package")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``CT slices`` and ``HE``, three specimens of four slices, 256 pixels along a side; nothing may write there."""
    out = tmp_path_factory.mktemp("study")
    make_phantom(out / "phantom", seed=7, specimens=3, slices=4, size=256, volumes=0, processes=1)
    (out / "CT slices").mkdir()
    (out / "HE").mkdir()
    for name, called in NAMES.items():
        for number in range(4):
            stem = f"{name}_{number:02d}"
            shutil.copy(out / f"phantom/ct/{stem}.tif", out / f"CT slices/{called}_slice {number:03d}_ct.TIF")
            shutil.copy(out / f"phantom/histology/{stem}.png", out / f"HE/{called}-{number}-HE.PNG")
    return out
