"""What lies in a folder: volumes, slices, and folders of slices."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import tifffile

from scripts.data.image.ome import other_files, set_of_files
from scripts.data.image.tiff import count_slices
from scripts.files.content import content_of
from scripts.files.opening import NIFTI_SUFFIXES, PICTURE_SUFFIXES, has_suffix, natural_key, reading
from scripts.printable import listed
from scripts.volume.read.foreign import advice, dicom_folder, is_dicom
from scripts.volume.read.hdf5.volume import HDF5_SUFFIXES
from scripts.volume.read.stream.itk import ITK_SUFFIXES
from scripts.volume.read.zarr.volume import is_zarr

VOLUME_SUFFIXES = NIFTI_SUFFIXES + ITK_SUFFIXES + HDF5_SUFFIXES
#: For messages.
FORMATS = "TIFF, .nii, .nii.gz, .mha, .mhd, .nrrd, .nhdr, HDF5 (.h5, .nxs), OME-Zarr or a folder of slices"
#: How many files are looked at for DICOM's signature, and how many a message lists.
SNIFFED = 16


@dataclass
class Content:
    """What lies in a folder, in natural order, without hidden and unfinished things.

    Attributes:
        folder: the folder.
        volumes: files and zarr folders that hold a volume each.
        sets: the files of each OME-TIFF image that lies in several.
        slices: the other images.
        folders: folders with slices of one scan or with one OME-TIFF image in several files.
        unread: folders with volumes.
        others: files of other formats.
    """

    folder: Path
    volumes: list[Path] = field(default_factory=list)
    sets: list[list[Path]] = field(default_factory=list)
    slices: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    unread: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def look_into(folder: Path) -> Content:
    """Sort what lies in a folder by what it is.

    Raises:
        InputError: a damaged TIFF file; an OME-TIFF image of which files are missing.
    """
    content, parts = Content(folder), set[Path]()
    for entry in _visible(folder):
        if entry.is_dir():
            _sort_folder(content, entry)
        elif not entry.is_file() or entry in parts:
            continue
        elif has_suffix(entry, VOLUME_SUFFIXES):
            content.volumes.append(entry)
        elif has_suffix(entry, PICTURE_SUFFIXES):
            files, stack = picture_kind(entry)
            parts.update(files)
            if len(files) > 1:
                content.sets.append(sorted(files, key=natural_key))
            else:
                (content.volumes if stack else content.slices).append(entry)
        else:
            content.others.append(entry)
    dicom = [file for file in content.others[:SNIFFED] if is_dicom(file)]
    if dicom and len(dicom) >= len(content.slices):  # a series with a picture of it
        content.slices = []
    return content


def _sort_folder(content: Content, folder: Path) -> None:
    if is_zarr(folder):
        content.volumes.append(folder)
        return
    entries = [entry for entry in _visible(folder) if entry.is_file() or is_zarr(entry)]
    if any(entry.name.endswith("_stain.json") for entry in entries):  # results of an earlier run
        return
    images = [entry for entry in entries if has_suffix(entry, PICTURE_SUFFIXES)]
    if any(entry.is_dir() or has_suffix(entry, VOLUME_SUFFIXES) for entry in entries):
        content.unread.append(folder)
    elif images:
        files, stack = picture_kind(images[0])
        (content.unread if stack and len(files) == 1 else content.folders).append(folder)


def nothing_in(content: Content) -> str:
    """The sentence for a folder in which there is nothing to read."""
    dicom = [file for file in content.others[:SNIFFED] if is_dicom(file)]
    if dicom:
        return dicom_folder(content.folder, dicom)
    inner = content.folders or content.unread
    if inner:
        names = listed([path.name for path in inner])
        return f"The folder {content.folder} holds no images, but folders of them ({names}): give one of these."
    known = next((text for text in map(advice, content.others) if text is not None), None)
    return known or (
        f"The folder {content.folder} holds no images: put slices (.tif, .png, .jpg, .bmp) or volumes "
        f"({FORMATS}) there."
    )


def picture_kind(path: Path) -> tuple[list[Path], bool]:
    """The files of the OME-TIFF image that a picture is a part of, or itself alone; and whether it is a stack.

    It is looked at as TIFF if it is such, whatever its name says.

    Raises:
        InputError: damaged; another file of the image is missing.
    """
    state = path.stat()
    names, stack = _picture_kind(path, state.st_size, state.st_mtime_ns)
    return set_of_files(path, list(names)), stack


@lru_cache(maxsize=2**16)  # a run looks into its folder several times
def _picture_kind(path: Path, _size: int, _time: int) -> tuple[tuple[str, ...], bool]:
    with reading(path):
        if content_of(path) != "TIFF":
            return (), False
    with reading(path), tifffile.TiffFile(path) as tif:
        names = tuple(other_files(tif))
        return names, bool(names) or tif.pages.is_multipage or count_slices(tif.series[0]) > 1


def _visible(folder: Path) -> list[Path]:
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".") and entry.suffix != ".partial"]
    return sorted(entries, key=natural_key)
