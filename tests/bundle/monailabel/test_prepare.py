"""Tests of cutting submitted slices out of their volumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile

from bundle.monailabel.app.lib.prepare import pixel_um, prepare
from scripts.errors import InputError


@pytest.fixture
def submit(tmp_path: Path) -> Any:
    """Writes a volume, a slice and two labels; then prepares pairs of them."""
    volume = np.arange(4 * 5 * 3, dtype=np.uint16).reshape(4, 5, 3)  # x, y, z
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / "volume.nii")
    tifffile.imwrite(tmp_path / "slice.tif", volume[:, :, 0].T)
    tifffile.imwrite(tmp_path / "rgb.tif", np.zeros((5, 4, 3), np.uint8), photometric="rgb")
    tifffile.imwrite(tmp_path / "grey.tif", np.zeros((5, 4), np.uint8))

    def run(*pairs: tuple[str, str, int | None]) -> dict[str, str]:
        listed = [
            {"id": f"p{n}", "ct": str(tmp_path / ct), "section": str(tmp_path / section), "slice": number}
            for n, (ct, section, number) in enumerate(pairs)
        ]
        (tmp_path / "submitted.json").write_text(json.dumps(listed))
        prepare(tmp_path)
        slices: dict[str, str] = json.loads((tmp_path / "prepared.json").read_text())["slices"]
        return slices

    return run


def test_slices(submit: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows are y, columns are x; a label of another bundle is left out, and that is said."""
    slices = submit(("slice.tif", "rgb.tif", None), ("volume.nii", "grey.tif", None), ("volume.nii", "rgb.tif", 2))
    assert list(slices) == ["p0", "p2"]
    assert slices["p0"] == str(tmp_path / "slice.tif")
    cut = tifffile.imread(slices["p2"])
    assert cut.dtype == np.uint16
    # voxel (x, y, z) of the volume is 15 x + 3 y + z
    assert cut.tolist() == [[15 * x + 3 * y + 2 for x in range(4)] for y in range(5)]
    assert "label of p1 is no RGB section" in capsys.readouterr().out


def test_a_slice_that_is_not_there(submit: Any) -> None:
    with pytest.raises(InputError, match="slice 3, but the volume has 3 slices"):
        submit(("volume.nii", "rgb.tif", 3))


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        ((0.01, 0.005, 0.005), 5.0),
        ((0.005, 0.005, 0.006), None),  # not square
        ((1.0, 1.0, 1.0), None),  # what writers put that do not know
        (None, None),
    ],
)
def test_the_size_of_pixels(spacing: tuple[float, float, float] | None, expected: float | None) -> None:
    assert pixel_um(spacing) == expected


def test_the_size_is_that_of_the_volume(submit: Any, tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.uint16).reshape(4, 5, 3), np.diag([0.0024, 0.0024, 0.01, 1]))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "sized.nii")
    submit(("sized.nii", "rgb.tif", 1), ("volume.nii", "rgb.tif", 1), ("slice.tif", "rgb.tif", None))
    assert json.loads((tmp_path / "prepared.json").read_text())["pixel_um"] == {"p0": 2.4}
