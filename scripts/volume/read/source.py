"""Where a volume lies: the path that a user gives, resolved once for reading and for the record."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path

from scripts.errors import InputError
from scripts.files.opening import not_regular
from scripts.volume.read.hdf5.volume import split_source


def locate(source: str | PathLike[str]) -> tuple[Path, str | None]:
    """Find a file or folder, and the path within it if it is an HDF5 file.

    Links to folders are followed before ``..`` is, as the system does when it opens a file. The last name stays as it
    was given, because it tells the format.

    Returns:
        The path from the root on, and the path of a dataset in the file or None.

    Raises:
        InputError: an address on the network; nothing there; neither a file nor a folder.
    """
    text = str(source)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/{2}", text):
        raise InputError(f"{text} is an address on the network: download it first, and give the path of the file.")
    path, inside = split_source(text)
    try:
        exists = path.exists()
        if exists:
            path = path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{text[:200]} cannot be found ({error}): check the path.") from error
    if not exists:
        raise InputError(f"{path} does not exist: give a volume file, a folder of slices or a folder of volumes.")
    if not path.is_dir() and not path.is_file():
        raise not_regular(path)
    if path.is_dir() and "::" in str(path):  # which readers of arrays take for a chain of addresses
        raise InputError(f"{path} has :: in its path, which means something else to some readers: rename it.")
    return path, inside
