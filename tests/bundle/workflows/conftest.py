"""What the front door changes in its process is put back after each test."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def own_process() -> Iterator[None]:
    """The hook for uncaught exceptions, the search path and the logging that a workflow sets for its process."""
    root, quiet = logging.getLogger(), logging.getLogger("tifffile")
    before = sys.excepthook, list(sys.path), list(root.handlers), root.level, quiet.level
    yield
    sys.excepthook, sys.path[:], root.handlers[:] = before[:3]
    root.setLevel(before[3])
    quiet.setLevel(before[4])
    for handler in (*root.handlers, logging.lastResort):
        if handler is not None:
            handler.filters.clear()
