"""Tables as CSV, for spreadsheets and for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.whole import write_text, writing

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a formula begins in a spreadsheet


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows, whole or not at all; the columns are the rows' keys in order of appearance.

    Numbers have six digits. Text that a spreadsheet would run as a formula gets a ``'`` before it.

    Raises:
        InputError: the folder cannot be written.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writerow({name: _cell(name) for name in columns})
    writer.writerows([{name: _cell(value) for name, value in row.items()} for row in rows])
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, text.getvalue())


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
