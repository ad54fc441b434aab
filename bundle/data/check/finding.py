"""What is found in a pair, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that a user should know of a pair.

    Attributes:
        kind: in one or two words, such as "turned".
        what: a sentence without its full stop.
        todo: what to do, without its full stop.
        fault: whether training must not have the pair; else it should be looked at.
    """

    kind: str
    what: str
    todo: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.todo}."
