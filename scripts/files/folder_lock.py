"""Keeping a second run off a folder."""

from __future__ import annotations

import os
from pathlib import Path

from filelock import lock_descriptor

FOLDERS_OPEN = os.name != "nt"  # Windows gives no descriptor of a folder


def lock_folder(folder: Path) -> int | None:
    """Lock a folder for as long as this process lives or keeps the returned descriptor open.

    The folder itself is locked, so that no file is left in it, whatever ends the process.

    Returns:
        The descriptor, to be given to `os.close`; None where the file system or the platform knows no locks.

    Raises:
        BlockingIOError: another process has locked it.
    """
    if not FOLDERS_OPEN:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if lock_descriptor(descriptor, blocking=False):
            return descriptor
    except OSError:  # a file system without locks
        os.close(descriptor)
        return None
    os.close(descriptor)
    raise BlockingIOError(f"{folder} is locked")
