"""Cells of a table, whatever it is a table of."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bundle.shared.table.spreadsheet import Line
from scripts.data.datalist.listed import listed_path, nearby, refuse_missing
from scripts.errors import InputError
from scripts.volume.read.hdf5.volume import split_source


def safe_name(name: str) -> str:
    """A name that is a folder's and no path, on any system."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]|^\.+', "_", name)


def number_in(where: str, line: dict[str, str], name: str) -> float | None:
    """Micrometres in a cell, with a decimal point or comma; None for an empty one.

    Args:
        where: the row and its table, for messages.
        line: cells by column.
        name: of the column.

    Raises:
        InputError: it is no positive number.
    """
    text = line.get(name, "")
    if not text:
        return None
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 else text)  # 1,234.5 stays no number
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise InputError(
            f"{where}: {name} is {text!r}, expected micrometres as a number, such as 5 or 2.5: correct it."
        )
    return value


def refuse_missing_files(path: Path, lines: Sequence[Line], columns: Iterable[str]) -> None:
    """Name all files of a table at once that do not exist, with their rows as a spreadsheet counts them.

    Args:
        path: of the table, in whose folder paths begin.
        lines: of the table.
        columns: that name files.

    Raises:
        InputError: there are any.
    """
    missing = []
    for line in lines:
        for name in columns:
            text = line.cells.get(name)
            if text:
                file = listed_path(path.parent, str(split_source(text)[0]), f"Row {line.number} of {path}: {name}")
                if not file.exists():
                    missing.append(f"the {name} {file} (row {line.number}){nearby(file, text)}")
    refuse_missing(missing, str(path), path.parent.resolve())
