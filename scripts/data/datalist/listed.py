"""Files that a data list or a table names."""

from __future__ import annotations

import os
import reprlib
from collections.abc import Sequence
from pathlib import Path

from scripts.errors import InputError

SHOWN = 10  # missing files that a message names


def listed_path(folder: Path, text: str, name: str) -> Path:
    """Absolute path of what an entry names; nothing needs to lie there.

    A path begins at the list's folder, or with ``~/``. Backslashes of Windows lead into folders, where there is no file
    of that very name.

    Args:
        folder: of the list.
        text: the entry.
        name: of the entry, for messages.

    Raises:
        InputError: it cannot be a path on this system.
    """
    try:
        file = (folder / (Path(text).expanduser() if text.startswith("~/") else text)).resolve()
        if not file.exists() and "\\" in text:
            file = (folder / text.replace("\\", "/")).resolve()
        file.exists()
    except (OSError, ValueError, RuntimeError) as error:  # too long, NUL, half a character, a circle of links
        raise InputError(f"{name} is {reprlib.repr(text)}, which cannot be a path: correct it.") from error
    if any(ord(sign) < 32 for sign in text):
        raise InputError(
            f"{name} is {reprlib.repr(text)}, with a control character: write / in place of the backslash of Windows."
        )
    return file


def nearby(file: Path, text: str) -> str:
    """What may be meant by an entry whose file is missing: another case of letters, or a path from where one works."""
    if file.parent.is_dir():
        alike = next((name for name in os.listdir(file.parent) if name.casefold() == file.name.casefold()), None)
        if alike is not None:
            return f", there is {alike}"
    return f", there is {Path(text).resolve()}" if Path(text).is_file() else ""


def refuse_missing(missing: Sequence[str], of: str, folder: Path) -> None:
    """Name all files at once that do not exist, the first ten and the number of others.

    Args:
        missing: what to say of each.
        of: what names them.
        folder: where their paths begin.

    Raises:
        InputError: there are any.
    """
    if missing:
        more = f", and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise InputError(
            f"{len(missing)} file(s) of {of} do not exist: {', '.join(missing[:SHOWN])}{more}. Paths are relative to "
            f"{folder}: correct them or remove the lines."
        )
