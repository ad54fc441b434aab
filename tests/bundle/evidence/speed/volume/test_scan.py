"""Scans written slice by slice, read back by the libraries of their formats."""

from __future__ import annotations

from pathlib import Path

import nibabel.nifti1
import numpy as np
import pytest
import tifffile

from bundle.evidence.speed.volume.scan import slices, write_folder, write_nifti

SHAPE = (3, 20, 33)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_folder(dtype: str, tmp_path: Path) -> None:
    files = sorted(write_folder(tmp_path / "scan", SHAPE, dtype).iterdir())
    read = np.stack([tifffile.imread(file) for file in files])
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, np.stack(list(slices(SHAPE, dtype))))


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_nifti(dtype: str, tmp_path: Path) -> None:
    image = nibabel.nifti1.load(write_nifti(tmp_path / "scan.nii.gz", SHAPE, dtype))
    assert image.get_data_dtype() == dtype
    np.testing.assert_allclose(image.header.get_zooms(), 0.005)
    np.testing.assert_array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), np.stack(list(slices(SHAPE, dtype))))


def test_seed() -> None:
    first, again, other = (next(slices(SHAPE, "uint16", seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
