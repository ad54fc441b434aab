"""Tables as spreadsheet programs save them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from scripts.data.files import existing_file
from scripts.errors import InputError


@dataclass(frozen=True)
class Line:
    """A line of a table.

    Attributes:
        number: of its last line in the file, from 1.
        cells: text by column, without blanks around it.
    """

    number: int
    cells: dict[str, str]


def read_table(path: Path) -> tuple[list[str], list[Line]]:
    """Read CSV, with commas or semicolons between its cells, in UTF-8.

    Empty lines and empty columns without a name are left out; names of columns are taken in lower case.

    Returns:
        Names of the columns, and the lines.

    Raises:
        InputError: no such file, no CSV; a column that comes twice; a line with more cells than columns.
    """
    path = existing_file(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        semicolons = first.count(";") > first.count(",")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",", strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is no CSV file ({error}): save the table as CSV, UTF-8.") from error
    rows = [(number, cells) for number, cells in rows if any(cells)]
    header = [name.lower() for name in rows[0][1]] if rows else []
    names = [name for name in header if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{path} has the column {', '.join(twice)} twice: keep one.")
    lines = []
    for number, cells in rows[1:]:
        nameless = [cell for place, cell in enumerate(cells) if cell and (place >= len(header) or not header[place])]
        if nameless:
            raise InputError(
                f"Line {number} of {path} has more cells than there are columns ({', '.join(nameless)}): put what "
                'holds commas in quotes, such as "120,0,0,1", and write numbers with a decimal point.'
            )
        padded = cells + [""] * (len(header) - len(cells))
        lines.append(Line(number, {name: cell for name, cell in zip(header, padded, strict=False) if name}))
    return names, lines
