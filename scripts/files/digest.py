"""Telling files apart by their bytes, or faster by size and time of change."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from scripts.whole import write_text

SHORT = 12  # digits that people compare
BLOCK = 1 << 20  # bytes read at once


def file_digest(path: str | os.PathLike[str], size: int | None = None) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Args:
        path: the file.
        size: of the first so many bytes only; None: of all.

    Raises:
        OSError: the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    left = os.stat(path).st_size if size is None else size
    with open(path, "rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def source_digest(source: str) -> str:
    """Of a file; of a data set in a file, ``file.h5::/entry``, with its name behind; of what is no file, itself.

    A file that has not changed since is not read again in this process.

    Raises:
        OSError: the file cannot be read.
    """
    path, _, inside = source.partition("::")
    if not os.path.isfile(path):
        return source
    stat = os.stat(path)
    return _known_digest(os.path.abspath(path), stat.st_size, stat.st_mtime_ns) + inside


@functools.lru_cache(maxsize=100_000)
def _known_digest(path: str, _size: int, _changed: int) -> str:
    return file_digest(path)


def file_signature(files: Sequence[Path]) -> dict[str, Sequence[int]]:
    """Size in bytes and time of change in nanoseconds of each file, one of them all if there are many."""
    stats = {os.path.abspath(path): path.stat() for path in files}
    if len(stats) > 16:
        text = "".join(f"{path}{stat.st_size}{stat.st_mtime_ns};" for path, stat in sorted(stats.items()))
        return {"all": [len(stats), int(hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:12], 16)]}
    return {path: [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}


def digest_file_of(path: Path) -> Path:
    """Where the digest of a file is noted whose format has no place for it: ``model.onnx.sha256`` beside it."""
    return path.with_name(f"{path.name}.sha256")


def note_digest(path: Path) -> None:
    """Note the digest of a file beside it, in the format that ``sha256sum --check`` reads.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    write_text(digest_file_of(path), f"{file_digest(path)}  {path.name}\n")


def differs_from_note(path: Path) -> bool:
    """Whether a digest is noted beside a file, and the file has another one.

    Raises:
        OSError: a file cannot be read.
    """
    note = digest_file_of(path)
    if not note.is_file():
        return False
    return note.read_text(encoding="utf-8", errors="replace").split(maxsplit=1)[:1] != [file_digest(path)]
