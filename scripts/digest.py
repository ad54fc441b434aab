"""Telling files apart by their bytes."""

from __future__ import annotations

import hashlib
import os

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
