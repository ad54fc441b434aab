"""What a measurement is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Conditions:
    """Where and how thoroughly to measure.

    Attributes:
        work: empty folder for files of the measurement.
        quick: smaller volumes and fewer repeats, to see that the measurement works.
    """

    work: Path
    quick: bool = False
