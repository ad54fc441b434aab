"""A digest at the end of a file that `torch.save` wrote, by which any damage to the file is noticed.

Such a file is a zip archive. A zip archive may end with a comment, which torch does not read: the digest is this
comment. A file without one, of another program or of an earlier version, still has the checksums of its entries.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

from scripts.files.digest import file_digest

LOCAL_HEADER, END = b"PK\x03\x04", b"PK\x05\x06"  # how an archive begins, and how the record at its end begins
END_SIZE = 22  # bytes of this record; the last two are the length of the comment
LONGEST_COMMENT = 0xFFFF
PREFIX = b"sha256:"
COMMENT_SIZE = len(PREFIX) + 64


def seal(path: Path) -> None:
    """Append the digest to a zip archive that has no comment.

    Raises:
        OSError: the disk is full.
        ValueError: the file is no such archive.
    """
    with open(path, "rb+") as file:
        file.seek(-END_SIZE, 2)
        last = file.read()
        if not last.startswith(END) or last[-2:] != b"\0\0":
            raise ValueError(f"{path} is no zip archive without a comment.")
        file.seek(-2, 2)
        file.write(struct.pack("<H", COMMENT_SIZE))
    digest = file_digest(path)
    with open(path, "ab") as file:
        file.write(PREFIX + digest.encode())


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, damaged or not.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        return file.read(len(LOCAL_HEADER)) == LOCAL_HEADER or _end_of(path)[0] is not None


def damage_of(path: Path) -> str | None:
    """What is wrong with the bytes of a zip archive, in a few words; None if nothing is.

    Raises:
        OSError: the file cannot be read.
    """
    end, comment = _end_of(path)
    if end is None:
        return "its end is missing"
    if end[-2:] == b"\0\0" and not comment:
        return failed_checksum(path)
    digest = file_digest(path, path.stat().st_size - len(comment))
    return None if comment == PREFIX + digest.encode() else "its bytes are not those that were written"


def _end_of(path: Path) -> tuple[bytes | None, bytes]:
    """The last record of an archive, None where there is none, and what follows it."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - END_SIZE - LONGEST_COMMENT))
        tail = file.read()
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + END_SIZE:
        return None, b""
    return tail[place : place + END_SIZE], tail[place + END_SIZE :]


def failed_checksum(path: Path) -> str | None:
    """What is wrong with the entries of a zip archive by their own checksums, in a few words; None if nothing is."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.testzip()
    # NotImplementedError is zipfile's, where damage names a compression, or a version, that it does not know
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        return str(error).rstrip(".") or "it ends too early"
    return None if entry is None else f"the checksum of {entry} differs"
