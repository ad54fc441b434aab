"""What became of a row of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bundle.pairs.report.verdict import said_of
from bundle.pairs.study.table.row import Row


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        row: of the study.
        report: of its pair, None if there is none.
        mistake: why there is none.
        known: whether the pair was there already.
        strength: by what factors the dye's density in red, green, blue differed, where it was made even.
    """

    row: Row
    report: dict[str, Any] | None
    mistake: str | None = None
    known: bool = False
    strength: tuple[float, ...] | None = None

    @property
    def usable(self) -> bool:
        """Whether training may have the pair."""
        return self.report is not None and self.report["verdict"] != "reject"


def counted(outcomes: Iterable[Outcome]) -> str:
    """How many pairs there are of each verdict, such as "12 good, 1 rejected"."""
    verdicts = Counter(said_of(outcome.report) for outcome in outcomes)
    return ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
