"""NIfTI files as nibabel sees them."""

from __future__ import annotations

from pathlib import Path

import nibabel
from nibabel.arrayproxy import ArrayProxy
from nibabel.nifti1 import Nifti1Header
from nibabel.openers import ImageOpener

from scripts.errors import InputError


def open_nifti(path: Path) -> nibabel.Nifti1Image:
    """Read the header of a NIfTI file (version 1 or 2); the voxels stay on disk.

    Raises:
        InputError: it is another of the formats that nibabel knows.
    """
    nifti = nibabel.load(path)
    if not isinstance(nifti, nibabel.Nifti1Image):
        raise InputError(f"{path} is no NIfTI file in spite of its name: convert it to NIfTI.")
    return nifti


def stored_array(nifti: nibabel.Nifti1Image) -> ArrayProxy:
    """The voxels on disk; nibabel clears offset and scaling from the header of a file that it has read."""
    proxy = nifti.dataobj
    assert isinstance(proxy, ArrayProxy)
    return proxy


def is_scaled(nifti: nibabel.Nifti1Image) -> bool:
    """Whether the file asks for the stored values to be rescaled."""
    proxy = stored_array(nifti)
    return (proxy.slope, proxy.inter) != (1.0, 0.0)


def stored_header(nifti: nibabel.Nifti1Image, path: Path) -> Nifti1Header:
    """The header as it stands in the file; nibabel's check turns voxel sizes of 0 into 1."""
    with ImageOpener(str(path)) as file:
        stored: Nifti1Header = type(nifti.header).from_fileobj(file, check=False)
    return stored
