"""Tables as spreadsheet programs save them."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from scripts.errors import InputError
from scripts.files.opening import existing_file

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Line:
    """A row of a table.

    Attributes:
        number: as a spreadsheet counts, the header is row 1.
        cells: text by column, without blanks around it.
    """

    number: int
    cells: dict[str, str]


def read_table(path: Path) -> tuple[list[str], list[Line]]:
    """Read CSV, with commas, semicolons or tabs between its cells, in UTF-8, or UTF-16 with a mark at its beginning.

    Empty rows and empty columns without a name are left out; names of columns are taken in lower case.

    Returns:
        Names of the columns, and the rows.

    Raises:
        InputError: no such file, no CSV; a column that comes twice; a row with more cells than columns.
    """
    path = existing_file(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-16" if content.startswith(UTF_16) else "utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [(number, [cell.strip() for cell in row]) for number, row in enumerate(reader, 1)]
    except UnicodeError as error:
        raise InputError(f"{path} is not in UTF-8: save it again, as CSV UTF-8 in Excel's words.") from error
    except csv.Error as error:
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
                f"Row {number} of {path} has more cells than there are columns ({', '.join(nameless)}): put what "
                'holds commas in quotes, such as "120,0,0,1", and write numbers with a decimal point.'
            )
        padded = cells + [""] * (len(header) - len(cells))
        lines.append(Line(number, {name: cell for name, cell in zip(header, padded, strict=False) if name}))
    return names, lines
