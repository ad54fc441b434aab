"""Cutting a range into pieces."""

from __future__ import annotations

from collections.abc import Iterator


def spans(length: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut ``range(length)`` into consecutive (start, stop) of at most `size`."""
    for start in range(0, length, size):
        yield start, min(start + size, length)
