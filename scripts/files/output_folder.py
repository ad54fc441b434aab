"""The folder a run writes to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from scripts.errors import cannot_write


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
        raise cannot_write(f"The output folder {path}", error, f"give another {option}") from error
    return path
