"""What a page says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scripts.training_report.album import Page
from scripts.training_report.validation import Validation

RUNNING, FINISHED, STOPPED = "running", "finished", "stopped early"
INTERRUPTED, FAILED = "interrupted", "ended by an error"


@dataclass(frozen=True)
class Status:
    """How far a training is.

    Attributes:
        word: `RUNNING`, `FINISHED`, `STOPPED`, `INTERRUPTED` or `FAILED`.
        epoch: the last one that is complete.
        max_epochs: asked for.
        seconds: that it has taken, earlier sessions included.
        written: when the page was.
        next_due: about when the next page is to be expected; None where nobody knows or there will be none.
        error: what the training was ended by.
    """

    word: str
    epoch: int
    max_epochs: int
    seconds: float
    written: datetime
    next_due: datetime | None = None
    error: str = ""


@dataclass(frozen=True)
class Moved:
    """How far the CT of a training pair was moved onto its section: root mean square, pixels."""

    name: str
    specimen: str
    pixels: float


@dataclass(frozen=True)
class Realigned:
    """The pairs, registered anew.

    Attributes:
        epochs: after which it is done.
        pairs: those that were moved, the farthest first.
        floor: what is found of pairs that nobody has displaced, pixels.
    """

    epochs: Sequence[int]
    pairs: Sequence[Moved]
    floor: float


@dataclass(frozen=True)
class Report:
    """All that a page says.

    Attributes:
        name: of the training, its output folder's.
        status: how far it is.
        verdict: in words; "" until it has ended.
        facts: what the training begins with, label to text.
        rows: of the history, one for each epoch.
        scores: of the best validation.
        best_epoch: that of the best validation.
        key_metric: by which it is the best.
        first_epoch: from which validations compete; None for all.
        lookup_table: scores of the lookup table on the same slices; empty where they are not known.
        validation: the latest.
        pages: stains of epochs that were validated, in order.
        left_out: how many such epochs are left out.
        realigned: the pairs, registered anew.
        working_um: size of the pixels that the network works at, micrometres; None where it is not known.
        synthetic: whether the data list says that its pairs were computed; None where it does not say.
        run: content of ``run.json``; empty where there is none.
    """

    name: str
    status: Status
    verdict: str
    facts: Mapping[str, str]
    rows: Sequence[Mapping[str, float]]
    scores: Mapping[str, float]
    best_epoch: int | None
    key_metric: str
    first_epoch: int | None
    lookup_table: Mapping[str, float]
    validation: Validation | None
    pages: Sequence[Page]
    left_out: int
    realigned: Realigned
    working_um: float | None
    synthetic: bool | None
    run: Mapping[str, Any]
