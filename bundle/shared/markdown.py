"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Lines of a Markdown table, whose columns are the keys of the first row; a value that a row lacks stays empty."""
    columns = list(rows[0])
    cells = [columns, ["---"] * len(columns), *([str(row.get(column, "")) for column in columns] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in cells]
