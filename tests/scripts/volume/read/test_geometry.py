"""Voxel size and orientation from the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import tifffile

from scripts.errors import InputError
from scripts.volume.read.reader import open_volume

VOXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
AFFINE = np.array([[0, -0.2, 0, 5], [0.1, 0, 0, 6], [0, 0, 0.3, 7], [0, 0, 0, 1.0]])


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    nibabel.save(nibabel.Nifti1Image(VOXELS.T, AFFINE), tmp_path / "a.nii")
    return tmp_path / "a.nii"


@pytest.fixture
def tiff(tmp_path: Path) -> Path:
    tifffile.imwrite(tmp_path / "a.tif", VOXELS, photometric="minisblack")
    return tmp_path / "a.tif"


def test_nothing_given_changes_nothing(nifti: Path) -> None:
    with open_volume(nifti) as volume:
        assert volume.nifti_header is not None
        assert volume.affine is not None
        np.testing.assert_allclose(volume.affine, AFFINE, atol=1e-6)


def test_spacing_keeps_directions_and_origin(nifti: Path) -> None:
    with open_volume(nifti, voxel_um=(3000, 2000, 1000)) as volume:
        assert volume.spacing == (3.0, 2.0, 1.0)
        assert volume.nifti_header is None
        expected = np.array([[0, -2, 0, 5], [1, 0, 0, 6], [0, 0, 3, 7], [0, 0, 0, 1]])
        np.testing.assert_allclose(np.asarray(volume.affine), expected, atol=1e-6)
        np.testing.assert_array_equal(volume.read(0, 2), VOXELS)


def test_orientation_keeps_spacing_and_origin(nifti: Path) -> None:
    with open_volume(nifti, orientation="lsa") as volume:
        expected = np.array([[-0.1, 0, 0, 5], [0, 0, 0.3, 6], [0, 0.2, 0, 7], [0, 0, 0, 1]])
        np.testing.assert_allclose(np.asarray(volume.affine), expected, atol=1e-6)
        assert nibabel.aff2axcodes(np.asarray(volume.affine)) == ("L", "S", "A")


def test_one_number_for_a_volume_without_any(tiff: Path) -> None:
    with open_volume(tiff, voxel_um=5) as volume:
        assert volume.spacing == (0.005, 0.005, 0.005)
        np.testing.assert_array_equal(np.asarray(volume.affine), np.diag([0.005, 0.005, 0.005, 1]))


def test_orientation_of_unknown_spacing(tiff: Path) -> None:
    with open_volume(tiff, orientation="LPS") as volume:
        assert volume.spacing is None
        np.testing.assert_array_equal(np.asarray(volume.affine), np.diag([-1, -1, 1, 1]))


@pytest.mark.parametrize("spacing", [0, -1, (1, 2), (1, 2, 0), (1, 2, float("nan")), "wide", [[1, 2], [3]], ()])
def test_bad_spacing(tiff: Path, spacing: Any) -> None:
    with pytest.raises(InputError, match=r"--voxel_um"):
        open_volume(tiff, voxel_um=spacing)


@pytest.mark.parametrize("orientation", ["RA", "RASS", "RLS", "XYZ", "", 5])
def test_bad_orientation(tiff: Path, orientation: Any) -> None:
    with pytest.raises(InputError, match=r"--orientation"):
        open_volume(tiff, orientation=orientation)
