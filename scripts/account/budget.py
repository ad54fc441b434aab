"""How many epochs fill the minutes that a training is given."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import ignite.distributed as idist
import psutil

from scripts.account.pace import validations_after
from scripts.account.rehearsal import Costs
from scripts.account.saying import say
from scripts.errors import InputError, on_command_line
from scripts.handlers.checkpoint import CHECKPOINT
from scripts.options.values import truth
from scripts.weights.checkpoint import read_checkpoint_or_previous
from scripts.words import count, duration

REALIGNED = 3  # times, by default, that the pairs are registered anew
VALIDATIONS = 4  # that the lookup table, the known features and LPIPS take as long as, once each, and some seconds:
ONCE = 5.0  # seconds


def epochs_within(
    minutes: float | None,
    costs: Callable[[], Costs],
    steps: int,
    interval: int,
    output_dir: str | os.PathLike[str],
    resume: bool = False,
) -> int | None:
    """Epochs that fill the minutes on this machine, by a rehearsal. On a command line its start counts as well.

    Args:
        minutes: how long the training may take; None: it has another length.
        costs: times the parts, see `Rehearsal`; not called where nothing is to be planned.
        steps: of an epoch.
        interval: epochs between two validations.
        output_dir: folder of the training.
        resume: a resumed training keeps the epochs that were planned at its start.

    Returns:
        At least 1; None without `minutes`.

    Raises:
        InputError: see `Rehearsal` and `read_checkpoint_or_previous`.
    """
    if minutes is None:
        return None
    if truth(resume, "resume"):
        content, _ = read_checkpoint_or_previous(Path(output_dir) / CHECKPOINT, "start anew in another --output_dir")
        return int(content["trainer"]["max_epochs"])
    begun = psutil.Process().create_time() if on_command_line() else time.time()
    found = costs()
    left = 60 * minutes - (time.time() - begun)
    epochs = int(idist.all_reduce(most_epochs(left, found, steps, interval), op="MIN"))
    enough = (
        "" if needed(epochs, found, steps, interval) <= left else ", the least there can be, which will take longer"
    )
    if idist.get_rank() > 0:
        return epochs
    say(
        "In %s: %s%s. A step takes %.3g s, a validation %s, registering the pairs anew %s.",
        duration(60 * minutes),
        count(epochs, "epoch"),
        enough,
        found.step,
        duration(found.validation),
        duration(found.realign),
    )
    return epochs


def most_epochs(seconds: float, costs: Costs, steps: int, interval: int) -> int:
    """The most epochs that take no longer, with all validations, registrations, checkpoints and the end; at least 1.

    Args:
        seconds: that there are.
        costs: of the parts.
        steps: of an epoch.
        interval: epochs between two validations.
    """
    seconds -= REALIGNED * costs.realign + VALIDATIONS * costs.validation + ONCE
    epochs = max(1, int(seconds / (steps * costs.step + costs.epoch)))
    while epochs > 1 and needed(epochs, costs, steps, interval) > seconds:
        epochs -= 1
    return epochs


def needed(epochs: int, costs: Costs, steps: int, interval: int) -> float:
    """Seconds of so many epochs and their validations."""
    validations = validations_after(0, epochs, interval)
    return epochs * (steps * costs.step + costs.epoch) + validations * costs.validation


def refuse_two_lengths(minutes: float | None, fitting: int | None, max_epochs: int) -> None:
    """Refuse a training that is given both minutes and epochs.

    Args:
        minutes: as of `epochs_within`.
        fitting: what that returned.
        max_epochs: of the training.

    Raises:
        InputError: they are not the same.
    """
    if minutes is not None and fitting != max_epochs:
        raise InputError("--minutes and --train#trainer#max_epochs both say how long to train: leave one of them out.")
