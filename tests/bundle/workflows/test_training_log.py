"""The account of a training in the words of the command."""

from __future__ import annotations

import logging

import pytest

from bundle.workflows.training_log import in_the_words_of
from bundle.workflows.typed import NAMES
from scripts.account.saying import INTERRUPTED, NEXT, logger
from scripts.account.verdict import advice


def test_options_are_named_as_they_are_typed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger.name)
    with in_the_words_of("training", NAMES, []):
        logger.info("%s", advice(True, 120, falling=False))
        logger.info("or --batch_size 4")
        logger.info(NEXT, "python -m monai.bundle run evaluating")
        logger.info(INTERRUPTED, "give the same command again")
    logger.info(NEXT, "python -m monai.bundle run evaluating")
    assert caplog.messages == [
        "Still improving when it ended: train on with --resume --epochs 180.",
        "or --set batch_size=4",
        "Next: python -m monai.bundle run evaluating",
    ]
