"""OME-TIFF as a set of files, of which each describes the whole image."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import tifffile

from scripts.errors import InputError


def other_files(tif: tifffile.TiffFile) -> list[str]:
    """Names of the other files that hold a part of the image, as the OME metadata of a TIFF file say."""
    if not tif.is_ome or not tif.ome_metadata:
        return []
    try:
        root = ElementTree.fromstring(tif.ome_metadata)
    except ElementTree.ParseError:
        return []
    names: dict[str, str] = {}
    for node in root.iter():
        if node.tag.endswith("}UUID") and node.get("FileName"):
            names.setdefault(str(node.text).strip(), str(node.get("FileName")))
    own = root.get("UUID")
    # A file that was renamed still knows itself by its identifier.
    return [name for identifier, name in names.items() if identifier != own and name != tif.filename]


def set_of_files(path: Path, names: list[str]) -> list[Path]:
    """The files of the image that an OME-TIFF file is a part of, itself included.

    Args:
        path: the file.
        names: what `other_files` says of it.

    Raises:
        InputError: a part is missing, is no regular file, or lies outside of the file's folder.
    """
    for name in names:
        file = path.parent / name
        inside = name not in (".", "..") and not any(sign in name for sign in "/\\\0")
        if not inside or (file.exists() and not file.is_file()):
            raise InputError(
                f"{path} names {name} as a part of its image, expected a file in its own folder: save it again as one "
                "OME-TIFF file."
            )
        if not file.is_file():
            raise InputError(
                f"{path} is one of {len(names) + 1} files of an OME-TIFF image, of which {name} is missing: copy it "
                "into the same folder, or save the image again as one file."
            )
    return [path, *(path.parent / name for name in names)]


def open_one_file(path: Path) -> tifffile.TiffFile:
    """Open a TIFF file with its own pages only, even if it is one of a set."""
    tif = tifffile.TiffFile(path)
    if not other_files(tif):
        return tif
    tif.close()
    return tifffile.TiffFile(path, is_ome=False)
