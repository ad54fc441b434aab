"""Finding volumes and opening them, whatever the file format.

A volume in memory is ``(Z, Y, X)``: TIFF stacks, folders of slices, HDF5 and zarr arrays as stored; NIfTI, MetaImage
and NRRD, whose axes are named in the order x, y, z, as their bytes lie in the file.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from scripts.errors import InputError
from scripts.files.cause import misnamed
from scripts.files.opening import NIFTI_SUFFIXES, PICTURE_SUFFIXES, has_suffix, natural_key
from scripts.printable import listed
from scripts.volume.read.folder import FORMATS, Content, look_into, nothing_in, picture_kind
from scripts.volume.read.foreign import advice
from scripts.volume.read.geometry import check_geometry, override_geometry
from scripts.volume.read.hdf5.volume import HDF5_SUFFIXES, Hdf5Volume
from scripts.volume.read.slices.slice_names import choose_slices
from scripts.volume.read.slices.slices import SliceVolume
from scripts.volume.read.slices.tiff import TiffVolume
from scripts.volume.read.source import locate
from scripts.volume.read.stream.itk import ITK_SUFFIXES, ItkVolume
from scripts.volume.read.stream.nifti import NiftiVolume
from scripts.volume.read.volume import Volume
from scripts.volume.read.zarr.volume import ZarrVolume, is_zarr

logger = logging.getLogger(__name__)


def open_volume(
    source: str | PathLike[str], voxel_um: float | Sequence[float] | None = None, orientation: str | None = None
) -> Volume:
    """Open a volume for reading.

    Args:
        source: a TIFF stack (plain, BigTIFF, ImageJ, OME), a NIfTI, MetaImage or NRRD file, a dataset of an HDF5 file
            (``file.h5:/entry/data``, or the file alone if it is clear which is meant), a zarr folder, a folder of 2D
            slices, an OME-TIFF image in several files (one of them, or the folder), or a single 2D image, which is a
            volume of one slice.
        voxel_um: voxel size (z, y, x) in micrometres instead of the file's, or one number for all, see
            `override_geometry`.
        orientation: directions of x, y and z instead of the file's, such as ``RAS``.

    Raises:
        InputError: nothing there, an empty folder, an unknown format, a damaged file, RGB, more than three dimensions,
            an unknown pixel type, slices that differ, or a wrong `voxel_um` or `orientation`.
    """
    volume = _open(*locate(source))
    try:
        override_geometry(volume, voxel_um, orientation)
        check_geometry(volume)
    except InputError:
        volume.close()
        raise
    return volume


def _open(path: Path, inside: str | None) -> Volume:
    if is_zarr(path):
        return ZarrVolume(path)
    if path.is_dir():
        return _open_folder(path)
    if has_suffix(path, HDF5_SUFFIXES):
        return Hdf5Volume(path, inside)
    if has_suffix(path, NIFTI_SUFFIXES):
        return NiftiVolume(path)
    if has_suffix(path, ITK_SUFFIXES):
        return ItkVolume(path)
    if has_suffix(path, PICTURE_SUFFIXES):
        parts, stack = picture_kind(path)
        return TiffVolume(path, parts) if stack else SliceVolume(path, [path])
    raise InputError(advice(path) or misnamed(path) or f"{path} is of no known volume format: expected {FORMATS}.")


def _open_folder(folder: Path) -> Volume:
    content = look_into(folder)
    if content.sets and not content.slices:
        if len(content.sets) > 1:
            first, second = content.sets[0][0].name, content.sets[1][0].name
            raise InputError(f"The folder {folder} holds several volumes ({first}, {second}): give one of the files.")
        return TiffVolume(content.sets[0][0], content.sets[0], folder)
    if content.volumes or content.sets:
        raise _mixed(content)
    if not content.slices:
        raise InputError(nothing_in(content))
    slices, remarks = choose_slices(folder, content.slices)
    return SliceVolume(folder, slices, tuple(remarks))


def find_volumes(source: str | PathLike[str]) -> list[str]:
    """Find what `open_volume` can open under a path.

    Args:
        source: a file, a dataset of an HDF5 file (``file.h5:/entry/data``) or a zarr folder, which are returned as they
            are; a folder of 2D slices or of one OME-TIFF image in several files, which is one volume; or a folder of
            volumes in any format and of folders of slices, which are listed in natural order. Hidden files and
            unfinished ones (``.partial``) are left out.

    Returns:
        Paths from the root on, with links to folders followed.

    Raises:
        InputError: nothing there; a folder without images; slices and volumes in one folder.
    """
    path, inside = locate(source)
    if not path.is_dir() or is_zarr(path):
        return [str(path) if inside is None else f"{path}:{inside}"]
    content = look_into(path)
    volumes = [*content.volumes, *(parts[0] for parts in content.sets)]
    if content.slices and volumes:
        raise _mixed(content)
    if content.slices:
        choose_slices(path, content.slices)
    if content.slices or (len(content.sets) == 1 and len(volumes) == 1):
        return [str(path)]
    volumes += content.folders
    if not volumes:
        raise InputError(nothing_in(content))
    if content.unread:
        names = listed([folder.name for folder in content.unread])
        logger.warning("%s: the folders %s are not looked into: give them as well.", path, names)
    return [str(volume) for volume in sorted(volumes, key=natural_key)]


def _mixed(content: Content) -> InputError:
    volume = (content.volumes or [parts[0] for parts in content.sets])[0]
    what = f"single slices ({content.slices[0].name})" if content.slices else "others"
    return InputError(
        f"The folder {content.folder} holds both volumes ({volume.name}) and {what}: put them into folders of their "
        "own, or give one file."
    )
