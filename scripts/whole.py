"""Files and folders that are whole or not there at all, whatever ends the process or the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path


def settle(partial: Path, path: Path) -> None:
    """Give a finished file its name once its bytes are on the disk, so that a power cut leaves no empty file.

    Args:
        partial: written and closed; a file. It takes the place of `path`.
        path: its name from then on, in the same folder.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; without effect where folders cannot be synced (Windows, some mounts)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; nothing is left behind on a full disk.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        settle(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there; a folder first loses its name, so that no half of it looks whole.

    A link is removed itself, not what it points to.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    doomed = Path(tempfile.mkdtemp(prefix=f"{path.name}.removed.", suffix=".partial", dir=path.parent))
    path.rename(doomed / path.name)
    shutil.rmtree(doomed)
