"""An output whose reader may go: ``... | head`` ends the reading, not the work."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO


class _Output:
    """Standard output that drops what nobody reads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        """Send the rest nowhere, that in the buffer included, which Python writes at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


@contextmanager
def output_may_break() -> Iterator[None]:
    """Let the work go on where the reader of standard output has gone."""
    stream = sys.stdout
    if stream is None:  # closed by the shell
        yield
        return
    output: Any = _Output(stream)
    sys.stdout = output
    try:
        yield
    finally:
        output.flush()
        sys.stdout = stream
