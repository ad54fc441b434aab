"""Finding volumes and opening them, whatever the file format.

A volume in memory is ``(Z, Y, X)``: a TIFF stack or a folder of slices as stored, a NIfTI array transposed.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import tifffile

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
from scripts.volume.nifti import NiftiVolume
from scripts.volume.slices import SliceVolume
from scripts.volume.tiff import TiffVolume
from scripts.volume.volume import Volume

SLICE_SUFFIXES = TIFF_SUFFIXES + PNG_SUFFIXES + JPEG_SUFFIXES


def open_volume(path: str | PathLike[str]) -> Volume:
    """Open a volume for reading.

    Args:
        path: a TIFF stack (plain, BigTIFF, ImageJ, OME), a NIfTI file, a folder of 2D slices, or a single 2D image,
            which is a volume of one slice.

    Raises:
        InputError: nothing there, an empty folder, an unknown format, a damaged file, RGB, more than three dimensions,
            an unknown pixel type, or slices that differ.
    """
    path = _existing(Path(path))
    if path.is_dir():
        return SliceVolume(path, _slices(path))
    if has_suffix(path, NIFTI_SUFFIXES):
        return NiftiVolume(path)
    if has_suffix(path, TIFF_SUFFIXES) and _is_stack(path):
        return TiffVolume(path)
    if has_suffix(path, SLICE_SUFFIXES):
        return SliceVolume(path, [path])
    raise InputError(f"{path} is of no known volume format: expected TIFF, .nii, .nii.gz or a folder of slices.")


def find_volumes(path: str | PathLike[str]) -> list[Path]:
    """Find what `open_volume` can open under a path.

    Args:
        path: a file, which is returned as it is; a folder of 2D slices, which is one volume; or a folder of volume
            files (NIfTI, TIFF stacks), which are listed in natural order.

    Raises:
        InputError: nothing there; a folder without images; slices and volumes in one folder.
    """
    path = _existing(Path(path))
    if not path.is_dir():
        return [path]
    files = _visible_files(path)
    volumes = [file for file in files if has_suffix(file, NIFTI_SUFFIXES)]
    volumes += [file for file in files if has_suffix(file, TIFF_SUFFIXES) and _is_stack(file)]
    if not volumes:
        _slices(path)
        return [path]
    slices = [file for file in files if has_suffix(file, SLICE_SUFFIXES) and file not in set(volumes)]
    if slices:
        raise InputError(
            f"The folder {path} holds both volumes ({volumes[0].name}) and single slices ({slices[0].name}): put them "
            "into folders of their own, or give one file."
        )
    return sorted(volumes, key=natural_key)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(
            f"{path} does not exist: give --input a volume file, a folder of slices or a folder of volumes, or make "
            "the phantom's with `python -m bundle phantom`."
        )
    return path


def _visible_files(folder: Path) -> list[Path]:
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    return sorted(files, key=natural_key)


def _slices(folder: Path) -> list[Path]:
    files = [file for file in _visible_files(folder) if has_suffix(file, SLICE_SUFFIXES)]
    if not files:
        raise InputError(
            f"The folder {folder} holds no images: put slices (.tif, .png, .jpg) or volumes (.nii.gz, .tif) there."
        )
    formats = sorted({file.suffix.lower() for file in files})
    if len(formats) > 1:
        raise InputError(f"The folder {folder} holds slices of several formats ({', '.join(formats)}): keep one.")
    return files


def _is_stack(path: Path) -> bool:
    """Whether a TIFF file holds more than one page, by a look at its beginning."""
    with reading(path), tifffile.TiffFile(path) as tif:
        return tif.pages.is_multipage or count_slices(tif.series[0]) > 1
