"""Keeping a second run off a folder or a file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import lock_descriptor

OPEN_FILES_MOVE = os.name != "nt"  # Windows renames no open file, and gives no descriptor of a folder


def lock_folder(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives or keeps the returned descriptor open.

    The folder itself is locked, so that no file is left in it, whatever ends the process.

    Returns:
        The descriptor, to be given to `os.close`; None where the file system or the platform knows no locks.

    Raises:
        BlockingIOError: another process has locked it.
    """
    return _lock(os.open(folder, os.O_RDONLY), folder) if OPEN_FILES_MOVE else None


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes off a file that is being written, or a folder that is being filled.

    Args:
        path: a file, made if it is not there, or a folder.

    Raises:
        BlockingIOError: another process has locked it.
    """
    if not OPEN_FILES_MOVE:
        yield
        return
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = _lock(os.open(path, flags, 0o666), path)
    try:
        if descriptor is not None and not os.path.samestat(os.fstat(descriptor), os.stat(path)):
            raise BlockingIOError(f"{path} was replaced while it was locked")  # its writer has just finished
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int, path: Path) -> int | None:
    try:
        if lock_descriptor(descriptor, blocking=False):
            return descriptor
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    os.close(descriptor)
    raise BlockingIOError(f"{path} is locked")
