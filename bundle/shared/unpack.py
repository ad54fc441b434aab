"""Unpacks zips that come from elsewhere."""

from __future__ import annotations

import zipfile
from pathlib import Path

from scripts.errors import InputError
from scripts.files.seal import failed_checksum


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip.

    Raises:
        InputError: it is no zip or damaged, or an entry would be written outside of `folder`.
    """
    damage = failed_checksum(archive)
    if damage is not None:
        raise InputError(f"{archive} is no zip, or a damaged one ({damage}).")
    with zipfile.ZipFile(archive) as packed:
        inside = folder.resolve()
        for name in packed.namelist():
            if not (inside / name).resolve().is_relative_to(inside) or "\\" in name:
                raise InputError(f"{archive} holds {name!r}, which lies outside of the folder it is unpacked to.")
        packed.extractall(folder)
