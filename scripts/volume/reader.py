"""Finding volumes and opening them, whatever the file format.

A volume in memory is ``(Z, Y, X)``: TIFF stacks, folders of slices, HDF5 and zarr arrays as stored; NIfTI, MetaImage
and NRRD, whose axes are named in the order x, y, z, as their bytes lie in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import tifffile

from scripts.data.cause import misnamed
from scripts.data.content import content_of
from scripts.data.files import (
    JPEG_SUFFIXES,
    NIFTI_SUFFIXES,
    PNG_SUFFIXES,
    TIFF_SUFFIXES,
    has_suffix,
    natural_key,
    reading,
)
from scripts.data.tiff import count_slices
from scripts.errors import InputError
from scripts.volume.geometry import override_geometry
from scripts.volume.hdf5 import HDF5_SUFFIXES, Hdf5Volume, split_source
from scripts.volume.itk import ITK_SUFFIXES, ItkVolume
from scripts.volume.nifti import NiftiVolume
from scripts.volume.slices import SliceVolume
from scripts.volume.tiff import TiffVolume
from scripts.volume.volume import Volume
from scripts.volume.zarr_volume import ZarrVolume, is_zarr

SLICE_SUFFIXES = TIFF_SUFFIXES + PNG_SUFFIXES + JPEG_SUFFIXES
VOLUME_SUFFIXES = NIFTI_SUFFIXES + ITK_SUFFIXES + HDF5_SUFFIXES
#: For messages.
FORMATS = "TIFF, .nii, .nii.gz, .mha, .mhd, .nrrd, .nhdr, HDF5 (.h5, .nxs), OME-Zarr or a folder of slices"


def open_volume(
    source: str | PathLike[str], spacing: float | Sequence[float] | None = None, orientation: str | None = None
) -> Volume:
    """Open a volume for reading.

    Args:
        source: a TIFF stack (plain, BigTIFF, ImageJ, OME), a NIfTI, MetaImage or NRRD file, a dataset of an HDF5 file
            (``file.h5:/entry/data``, or the file alone if it is clear which is meant), a zarr folder, a folder of 2D
            slices, or a single 2D image, which is a volume of one slice.
        spacing: voxel size (z, y, x) in mm instead of the file's, or one number for all, see `override_geometry`.
        orientation: directions of x, y and z instead of the file's, such as ``RAS``.

    Raises:
        InputError: nothing there, an empty folder, an unknown format, a damaged file, RGB, more than three dimensions,
            an unknown pixel type, slices that differ, or a wrong `spacing` or `orientation`.
    """
    volume = _open(str(source))
    try:
        override_geometry(volume, spacing, orientation)
    except InputError:
        volume.close()
        raise
    return volume


def _open(source: str) -> Volume:
    path, inside = split_source(source)
    path = _existing(path)
    if is_zarr(path):
        return ZarrVolume(path)
    if path.is_dir():
        return SliceVolume(path, _slices(path))
    if has_suffix(path, HDF5_SUFFIXES):
        return Hdf5Volume(path, inside)
    if has_suffix(path, NIFTI_SUFFIXES):
        return NiftiVolume(path)
    if has_suffix(path, ITK_SUFFIXES):
        return ItkVolume(path)
    if has_suffix(path, SLICE_SUFFIXES) and _is_stack(path):
        return TiffVolume(path)
    if has_suffix(path, SLICE_SUFFIXES):
        return SliceVolume(path, [path])
    raise InputError(misnamed(path) or f"{path} is of no known volume format: expected {FORMATS}.")


def find_volumes(source: str | PathLike[str]) -> list[str]:
    """Find what `open_volume` can open under a path.

    Args:
        source: a file, a dataset of an HDF5 file (``file.h5:/entry/data``) or a zarr folder, which are returned as they
            are; a folder of 2D slices, which is one volume; or a folder of volumes in any format, which are listed in
            natural order. Hidden files and unfinished ones (``.partial``) are left out.

    Raises:
        InputError: nothing there; a folder without images; slices and volumes in one folder.
    """
    path = _existing(split_source(str(source))[0])
    if not path.is_dir() or is_zarr(path):
        return [str(source)]
    entries = _visible(path)
    files = [entry for entry in entries if entry.is_file()]
    stacks = [file for file in files if has_suffix(file, SLICE_SUFFIXES) and _is_stack(file)]
    volumes = [entry for entry in entries if is_zarr(entry)]
    volumes += [file for file in files if has_suffix(file, VOLUME_SUFFIXES)] + stacks
    if not volumes:
        _slices(path)
        return [str(source)]
    slices = [file for file in files if has_suffix(file, SLICE_SUFFIXES) and file not in set(stacks)]
    if slices:
        raise InputError(
            f"The folder {path} holds both volumes ({volumes[0].name}) and single slices ({slices[0].name}): put them "
            "into folders of their own, or give one file."
        )
    return [str(volume) for volume in sorted(volumes, key=natural_key)]


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(
            f"{path} does not exist: give --input a volume file, a folder of slices or a folder of volumes, or make "
            "the phantom's with `python -m bundle phantom`."
        )
    return path


def _visible(folder: Path) -> list[Path]:
    """What lies in a folder, without hidden and unfinished things."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.suffix != ".partial"]
    return sorted(entries, key=natural_key)


def _slices(folder: Path) -> list[Path]:
    files = [file for file in _visible(folder) if has_suffix(file, SLICE_SUFFIXES) and file.is_file()]
    if not files:
        raise InputError(
            f"The folder {folder} holds no images: put slices (.tif, .png, .jpg) or volumes ({FORMATS}) there."
        )
    formats = sorted({file.suffix.lower() for file in files})
    if len(formats) > 1:
        raise InputError(f"The folder {folder} holds slices of several formats ({', '.join(formats)}): keep one.")
    return files


def _is_stack(path: Path) -> bool:
    """Whether a picture is a TIFF of more than one page, by a look at its beginning, whatever its name says."""
    with reading(path):
        if content_of(path) != "TIFF":
            return False
    with reading(path), tifffile.TiffFile(path) as tif:
        return tif.pages.is_multipage or count_slices(tif.series[0]) > 1
