"""What lies on the disk of a slab: its files made safe, and a digest by which they are known again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.whole import sync_folder

MISSING = bytes(hashlib.sha256().digest_size)  # stands for a file that is not there
AT_ONCE = 16  # files that wait for the disk


def settle_files(root: Path, paths: Iterable[Path]) -> bytes:
    """Have files and the folders that name them on the disk.

    Args:
        root: folder that holds all of them, at any depth.
        paths: files that were written and closed; one that is not there is passed over.

    Returns:
        Their `digest_of_files`.

    Raises:
        OSError: the disk refuses them.
    """
    files = list(paths)
    folders = {root}.union(*(path.parents for path in files)) - set(root.parents)
    with ThreadPoolExecutor(AT_ONCE) as threads:  # they mostly wait for the disk, which takes many orders at once
        digests = list(threads.map(lambda path: _digest(path, sync=True), files))
        list(threads.map(sync_folder, folders))
    return hashlib.sha256(b"".join(digests)).digest()


def digest_of_files(paths: Iterable[Path]) -> bytes:
    """SHA-256 over the SHA-256 of each file in turn; 32 zero bytes stand for one that is missing, a link or unreadable.

    A single flipped bit, a file that is cut short, removed or exchanged with another gives another digest.
    """
    digest = hashlib.sha256()
    for path in paths:
        digest.update(_digest(path))
    return digest.digest()


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files, where they are: zarr reads the chunk that it writes at a far side, and fails if that is damaged."""
    for path in paths:
        path.unlink(missing_ok=True)


def _digest(path: Path, sync: bool = False) -> bytes:
    access = os.O_RDWR if sync else os.O_RDONLY  # some systems sync only what is open for writing
    try:
        # a link is not followed: its target belongs to somebody else
        descriptor = os.open(path, access | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            if sync:
                os.fsync(descriptor)
            return hashlib.sha256(file.read()).digest()
    except FileNotFoundError:
        return MISSING
    except OSError:
        if sync:
            raise
        return MISSING
