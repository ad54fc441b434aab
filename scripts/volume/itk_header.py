"""Where MetaImage and NRRD headers say that the voxels lie.

ITK reads these headers too but does not tell the place, and it decompresses a compressed file only as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scripts.data.files import has_suffix
from scripts.errors import InputError

META_SUFFIXES = (".mha", ".mhd")
NRRD_SUFFIXES = (".nrrd", ".nhdr")

#: Longest line that is read as one, and the number of bytes that a header may have, so that no binary file is searched.
LINE, HEADER = 2**16, 2**24
RAW, GZIP = ("raw",), ("gzip", "gz")


@dataclass(frozen=True)
class Place:
    """Where the voxels lie.

    Attributes:
        file: the file that holds them, perhaps the one with the header.
        big_endian: their byte order; means nothing for single bytes.
        compressed: whether they lie in a gzip or zlib stream.
        offset: bytes of the file before them, or before the compressed stream; None if they are its last bytes.
        skip: bytes before them within the decompressed stream.
        unit: name of the length unit, or None.
        has_spacing: whether the header gives the voxel size.
    """

    file: Path
    big_endian: bool
    compressed: bool
    offset: int | None
    skip: int = 0
    unit: str | None = None
    has_spacing: bool = True


def read_place(path: Path) -> Place:
    """Read the header of a ``.mha``, ``.mhd``, ``.nrrd`` or ``.nhdr`` file.

    Raises:
        InputError: voxels as text, in another compression than zlib's, or in several files; no data file.
        ValueError: no such header.
    """
    with path.open("rb") as file:
        place = (_nrrd if has_suffix(path, NRRD_SUFFIXES) else _meta)(path, file)
    if not place.file.is_file():
        raise InputError(f"{path} has its voxels in {place.file}, which does not exist: copy that file there as well.")
    return place


def _meta(path: Path, file: BinaryIO) -> Place:
    fields: dict[str, str] = {}
    while "ElementDataFile" not in fields:  # always the last
        line = _line(file)
        if not line:
            raise ValueError("its header names no ElementDataFile")
        key, *value = re.split("[=:]", line, maxsplit=1)
        fields[key.strip()] = "".join(value).strip()
    name = fields["ElementDataFile"]
    if name.startswith("LIST") or "%" in name:
        raise _several_files(path)
    if "BinaryData" in fields and not _true(fields["BinaryData"]):
        raise _unsupported(path, "as text")
    local = name.upper() == "LOCAL"
    header, compressed = int(fields.get("HeaderSize", 0)), _true(fields.get("CompressedData", ""))
    offset: int | None = header if header > 0 else file.tell() if local else 0
    return Place(
        file=path if local else path.parent / name,
        big_endian=any(_true(fields.get(key, "")) for key in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")),
        compressed=compressed,
        offset=None if header < 0 and not compressed else offset,
        unit=fields.get("DistanceUnits"),
        has_spacing="ElementSpacing" in fields or "ElementSize" in fields,
    )


def _nrrd(path: Path, file: BinaryIO) -> Place:
    if not _line(file).startswith("NRRD"):
        raise ValueError("no NRRD signature")
    fields: dict[str, str] = {}
    while line := _line(file).rstrip("\r\n"):  # a blank line ends the header
        key, _, value = line.partition(":")
        if not line.startswith("#") and not value.startswith("="):  # neither a comment nor a user's key:=value
            fields[key.replace(" ", "").lower()] = value.strip()
    name, encoding = fields.get("datafile"), fields.get("encoding", "").lower()
    if name is not None and (name.startswith("LIST") or "%" in name):
        raise _several_files(path)
    if encoding not in RAW + GZIP:
        raise _unsupported(path, f"in the encoding {encoding or 'unknown'}")
    skip, compressed = int(fields.get("byteskip", 0)), encoding in GZIP
    if skip < 0 and compressed:
        raise _unsupported(path, "in gzip with a negative byte skip")
    units = re.findall('"([^"]*)"', fields.get("spaceunits") or fields.get("units", ""))
    return Place(
        file=path if name is None else path.parent / name,
        big_endian=fields.get("endian", "little").lower() == "big",
        compressed=compressed,
        offset=None if skip < 0 else _after_lines(path, file, name, int(fields.get("lineskip", 0))),
        skip=max(skip, 0),
        unit=units[0] if units else None,
        has_spacing="spacedirections" in fields or "spacings" in fields,
    )


def _after_lines(path: Path, header: BinaryIO, name: str | None, lines: int) -> int:
    """Where the data begin: behind the header or at the beginning of a file of their own, and then some lines later."""
    if lines == 0:
        return header.tell() if name is None else 0
    with path.open("rb") if name is None else (path.parent / name).open("rb") as file:
        file.seek(header.tell() if name is None else 0)
        for _ in range(lines):
            file.readline()
        return file.tell()


def _line(file: BinaryIO) -> str:
    line = file.readline(LINE)
    if file.tell() > HEADER:
        raise ValueError("its header has no end")
    return line.decode("utf-8", "replace")


def _true(value: str) -> bool:
    return value[:1] in ("T", "t", "1")


def _several_files(path: Path) -> InputError:
    return InputError(f"{path} lists several data files, expected one for the whole volume: save it again as one file.")


def _unsupported(path: Path, how: str) -> InputError:
    return InputError(
        f"{path} has its voxels stored {how}, expected raw or compressed by gzip: save it again, for example with ITK."
    )
