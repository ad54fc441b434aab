"""The folder a run writes to."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from scripts.errors import InputError


def writable_folder(folder: str | os.PathLike[str], option: str = "--output_dir") -> Path:
    """Make a folder if need be and check, by a trial, that files can be written in it: better now than after hours of
    work.

    Args:
        folder: is made where there is none.
        option: by which the user said so.

    Raises:
        InputError: it cannot be made or written to.
    """
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as trial:
            trial.write(b"trial")
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space and repeat the command" if full else f"give another {option}"
        raise InputError(f"The output folder {path} cannot be written to ({error.strerror}): {remedy}.") from error
    return path
