"""What a training says of itself, in the words of the command ``train``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from bundle.shared.our_words import in_our_words, program
from bundle.workflows.typed import is_entry


@contextmanager
def in_the_words_of(kind: str, names: Mapping[str, str], typed: Sequence[str]) -> Iterator[None]:
    """Let the training's account name options as they are typed here, and leave out what the command says itself.

    Args:
        kind: the workflow whose entries ``--set`` reaches.
        names: what an option is called here, see `in_our_words`.
        typed: words of the command line; names of files among them are not changed.
    """
    from scripts.account.saying import INTERRUPTED, NEXT, logger

    def said(record: logging.LogRecord) -> bool:
        if record.msg in (NEXT, INTERRUPTED):
            return False
        record.msg = in_our_words(record.getMessage(), names, lambda name: is_entry(kind, name), typed, program())
        record.args = ()
        return True

    logger.addFilter(said)
    try:
        yield
    finally:
        logger.removeFilter(said)
