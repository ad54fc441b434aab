"""Telling files apart by their bytes."""

from __future__ import annotations

import hashlib
import os

SHORT = 12  # digits that people compare


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, 64 hexadecimal digits.

    Raises:
        OSError: the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
