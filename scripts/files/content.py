"""What a file holds by its first bytes, whatever its name says."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

#: First bytes, and what begins with them.
SIGNATURES = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),  # BigTIFF
    (b"MM\0+", "TIFF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"PK\x03\x04", "ZIP"),
    (b"version https://git-lfs", "Git LFS pointer"),
    (b"NRRD", "NRRD"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"%PDF", "PDF"),
    (b"ZISRAWFILE", "CZI"),
)
#: The same of formats whose files begin with a length: what stands from the given byte on.
LATER = ((8, b"WEBP", "WebP"), (4, b"ftypheic", "HEIC"), (4, b"ftypmif1", "HEIC"), (4, b"ftypavif", "AVIF"))
#: Sizes of a NIfTI header, which it begins with, and where its name stands.
NIFTI_HEADERS = ((348, 344), (540, 4))
HEAD = 1024  # bytes


def content_of(path: Path) -> str:
    """Return what a file holds: ``TIFF``, ``PNG``, ``JPEG``, ``NIfTI``, ``gzip``, ``HDF5``, ... or "" if unknown.

    A Git LFS pointer, a web page and an empty file are named too.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return "empty"
    if _is_nifti(head):
        return "NIfTI"
    if head[128:132] == b"DICM":
        return "DICOM"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "web page"
    if re.match(rb'.{8}\{\s*"', head, re.DOTALL):
        return "safetensors"
    later = (name for place, mark, name in LATER if head.startswith(mark, place))
    return next((name for start, name in SIGNATURES if head.startswith(start)), next(later, ""))


def content_of_gzip(path: Path) -> str:
    """Return what a gzip file holds: ``NIfTI``, or "" if that is unknown."""
    try:
        with gzip.open(path) as file:
            return "NIfTI" if _is_nifti(file.read(HEAD)) else ""
    except (OSError, EOFError, zlib.error):
        return ""


def _is_nifti(head: bytes) -> bool:
    for size, place in NIFTI_HEADERS:
        named = head[place : place + 3] in (b"n+1", b"n+2", b"ni1", b"ni2")
        if named and size in (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big")):
            return True
    return False
