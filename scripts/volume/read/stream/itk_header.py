"""Where MetaImage and NRRD headers say that the voxels lie.

ITK reads these headers too but does not tell the place, and it decompresses a compressed file only as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scripts.data.image.lengths import number
from scripts.errors import InputError
from scripts.files.opening import has_suffix

META_SUFFIXES = (".mha", ".mhd")
NRRD_SUFFIXES = (".nrrd", ".nhdr")

#: Longest line that is read as one, and the number of bytes that a header may have, so that no binary file is searched.
LINE, HEADER = 2**16, 2**24
#: Most axes of an image in ITK.
AXES = 10
RAW, GZIP = ("raw",), ("gzip", "gz")


@dataclass(frozen=True)
class Place:
    """Where the voxels lie, and what the header says of the voxel size that ITK does not tell.

    Attributes:
        file: the file that holds them, perhaps the one with the header; a regular file in the header's folder.
        big_endian: their byte order; means nothing for single bytes.
        compressed: whether they lie in a gzip or zlib stream.
        offset: bytes of the file before them, or before the compressed stream; None if they are its last bytes.
        skip: bytes before them within the decompressed stream.
        units: names of the length units of x, y and z, or of fewer axes; empty if the header names none.
        lengths: the voxel size along x, y and z as the header gives it, perhaps no numbers; empty if as directions.
        has_spacing: whether the header gives the voxel size.
    """

    file: Path
    big_endian: bool
    compressed: bool
    offset: int | None
    skip: int = 0
    units: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    has_spacing: bool = True


def read_place(path: Path) -> Place:
    """Read the header of a ``.mha``, ``.mhd``, ``.nrrd`` or ``.nhdr`` file.

    Raises:
        InputError: voxels as text, in another compression than zlib's, or in several files; a data file that is none,
            or that lies in another folder.
        ValueError: no such header, or numbers in it that cannot be.
    """
    with path.open("rb") as file:
        return (_nrrd if has_suffix(path, NRRD_SUFFIXES) else _meta)(path, file)


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
    _check_sizes(fields, "NDims", "DimSize")
    local = name.upper() == "LOCAL"
    header, compressed = _whole(fields, "HeaderSize", 0, -1), _true(fields.get("CompressedData", ""))
    offset: int | None = header if header > 0 else file.tell() if local else 0
    unit = fields.get("DistanceUnits", "?")
    return Place(
        file=path if local else _data_file(path, name),
        big_endian=any(_true(fields.get(key, "")) for key in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")),
        compressed=compressed,
        offset=None if header < 0 and not compressed else offset,
        units=() if unit == "?" else (unit,) * 3,
        lengths=tuple(fields.get("ElementSpacing", fields.get("ElementSize", "")).split()),
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
    _check_sizes(fields, "dimension", "sizes")
    compressed, skip = encoding in GZIP, _whole(fields, "byteskip", 0, -1)
    if skip < 0 and compressed:
        raise _unsupported(path, "in gzip with a negative byte skip")
    if any(number(text) == 0 for text in fields.get("spacings", "").split()):  # which ITK does not read
        raise InputError(
            f"{path} has a spacing of 0 in its header: correct it, or leave out the line spacings and give --voxel_um."
        )
    data = path if name is None else _data_file(path, name)
    begin = file.tell() if name is None else 0
    return Place(
        file=data,
        big_endian=fields.get("endian", "little").lower() == "big",
        compressed=compressed,
        offset=None if skip < 0 else _after_lines(data, begin, _whole(fields, "lineskip", 0, 0)),
        skip=max(skip, 0),
        units=tuple(re.findall('"([^"]*)"', fields.get("spaceunits") or fields.get("units", ""))),
        lengths=tuple(fields.get("spacings", "").split()),
        has_spacing="spacedirections" in fields or "spacings" in fields,
    )


def _data_file(path: Path, name: str) -> Path:
    """The file of that name beside the header; a header that was received may not name any other."""
    plain = name.removeprefix("./")
    file = path.parent / plain
    if not plain or plain in (".", "..") or any(sign in plain for sign in "/\\\0"):
        raise InputError(
            f"{path} has its voxels in {name}, expected a file in the folder of the header: move that file there and "
            "write its plain name."
        )
    if not file.exists():
        raise InputError(f"{path} has its voxels in {file}, which does not exist: copy that file there as well.")
    if not file.is_file():
        raise InputError(f"{path} has its voxels in {file}, which is no regular file: put the file itself there.")
    if file.resolve().parent != path.parent.resolve():
        raise InputError(
            f"{path} has its voxels in {file}, a link that leads out of the folder: put the file itself there."
        )
    return file


def _check_sizes(fields: dict[str, str], count: str, sizes: str) -> None:
    """Refuse numbers that ITK would allocate memory for, or take as something else."""
    axes = _whole(fields, count, None, 1)
    values = fields.get(sizes, "").split()
    if axes > AXES or len(values) != axes or not all(re.fullmatch(r"0*[1-9]\d{0,11}", value) for value in values):
        text = " ".join(values)
        raise ValueError(f"its {count} is {axes:.4g} and its {sizes} is {text[:40]!r}, expected as many sizes above 0")


def _whole(fields: dict[str, str], key: str, default: int | None, least: int) -> int:
    value = fields.get(key)
    if value is None and default is not None:
        return default
    if value is None or not re.fullmatch(r"[-+]?\d{1,18}", value) or int(value) < least:
        raise ValueError(f"its {key} is {(value or '')[:40]!r}, expected a whole number of at least {least}")
    return int(value)


def _after_lines(path: Path, begin: int, lines: int) -> int:
    """Where the data begin: `lines` lines behind `begin`."""
    with path.open("rb") as file:
        file.seek(begin)
        for _ in range(lines):
            if not file.readline(LINE).endswith(b"\n"):
                raise ValueError(f"its line skip is {lines}, but there are not so many lines of text")
        return file.tell()


def _line(file: BinaryIO) -> str:
    line = file.readline(LINE)
    if file.tell() > HEADER:
        raise ValueError("its header has no end")
    try:
        return line.decode()
    except UnicodeDecodeError:  # as some write the sign of micrometres
        return line.decode("latin-1")


def _true(value: str) -> bool:
    return value[:1] in ("T", "t", "1")


def _several_files(path: Path) -> InputError:
    return InputError(f"{path} lists several data files, expected one for the whole volume: save it again as one file.")


def _unsupported(path: Path, how: str) -> InputError:
    return InputError(
        f"{path} has its voxels stored {how}, expected raw or compressed by gzip: save it again, for example with ITK."
    )
