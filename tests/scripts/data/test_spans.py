"""A range in pieces."""

from __future__ import annotations

from scripts.data.spans import spans


def test_spans_by_hand() -> None:
    assert list(spans(10, 4)) == [(0, 4), (4, 8), (8, 10)]
    assert list(spans(8, 4)) == [(0, 4), (4, 8)]
    assert list(spans(0, 4)) == []
