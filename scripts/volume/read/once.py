"""Lines of the log that a volume deserves once, though a run opens it several times."""

from __future__ import annotations

import logging

_logged: set[str] = set()


def log_once(logger: logging.Logger, level: int, line: str) -> None:
    """Log a line, unless this process has logged the same before."""
    if line not in _logged:
        _logged.add(line)
        logger.log(level, "%s", line)
