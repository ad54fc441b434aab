"""Lines of the account in the log, clear of the progress bar; what fails is left out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from ignite.engine import Engine
from tqdm import tqdm

logger = logging.getLogger("scripts.account")

NEXT = "Next: %s"  # records that the front door says in its own words
INTERRUPTED = "Interrupted: %s"


def say(message: str, *arguments: object) -> None:
    """Log a line where the bar was, which is drawn anew below it."""
    with tqdm.external_write_mode(file=sys.stderr):
        logger.info(message, *arguments)


def quietly(action: Callable[[Any], None]) -> Callable[[Engine], None]:
    """A handler that ends no training, whatever it raises."""

    def run(engine: Engine) -> None:
        try:
            action(engine)
        except Exception as error:
            leave_out(action.__name__.strip("_").replace("_", " "), error)

    return run


def leave_out(what: str, error: Exception) -> None:
    """Say that a part is left out, and why."""
    with tqdm.external_write_mode(file=sys.stderr):
        logger.warning("The training's account lacks a part (%s): %s", what, str(error) or type(error).__name__)


def is_not_the_last_word(record: logging.LogRecord) -> bool:
    """Ignite's closing line would hide the account's."""
    return not record.getMessage().startswith("Engine run finished")
