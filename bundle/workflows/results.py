"""Whether a run has made its results, or only found those of an earlier one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.errors import InputError


class Results:
    """Files as they were before a run.

    Args:
        paths: that the run has to write.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.before = {path: _state(path) for path in paths}

    def require(self, kind: str, may_stay: Iterable[Path] = ()) -> None:
        """Refuse a run without results.

        Args:
            kind: what ran, for the message: ``training``.
            may_stay: files that are right although the run did not write them.

        Raises:
            InputError: a file is not there, or is the one of before.
        """
        stays = set(may_stay)
        for path, before in self.before.items():
            now = _state(path)
            if now is None:
                raise InputError(f"The {kind} ended without {path}: see what it printed above.")
            if now == before and path not in stays:
                raise InputError(f"The {kind} ended without a new {path}, which is of an earlier run: see above.")


def _state(path: Path) -> tuple[int, int] | None:
    """Tells a file from its predecessor, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


class _Finished(logging.Handler):
    """Collects the records of stainings that the plan has found finished."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Path] = []

    def emit(self, record: logging.LogRecord) -> None:
        from scripts.volume.stain.plan import FINISHED

        if record.msg == FINISHED and isinstance(record.args, tuple):
            self.records.append(Path(str(record.args[-1])))


@contextmanager
def found_finished() -> Iterator[list[Path]]:
    """The records of stainings that meanwhile are found whole, made by the same request from the same files."""
    logger, handler = logging.getLogger("scripts.volume.stain.plan"), _Finished()
    logger.addHandler(handler)
    try:
        yield handler.records
    finally:
        logger.removeHandler(handler)
