"""Tables in Markdown."""

from __future__ import annotations

from bundle.shared.markdown import table


def test_columns_are_those_of_the_first_row() -> None:
    rows: list[dict[str, object]] = [{"way": "ours", "seconds": 1.5}, {"way": "theirs", "more": "x"}]
    assert table(rows) == ["| way | seconds |", "| --- | --- |", "| ours | 1.5 |", "| theirs |  |"]
