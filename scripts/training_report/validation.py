"""What one validation has shown: the scores of each slice, pictures of some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Slice:
    """A slice of the validation.

    Attributes:
        name: of the CT's file.
        specimen: it belongs to; "" where nobody says.
        rows: height, pixels of the working size.
        columns: width, likewise.
        scores: metric to value; one that is not defined for the slice is left out.
    """

    name: str
    specimen: str
    rows: int
    columns: int
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Tells slices apart that other data may bring, where a training is resumed."""
        return f"{self.specimen}/{self.name} {self.rows} x {self.columns}"


@dataclass(frozen=True)
class Pictures:
    """A slice as JPEGs in base64, see `as_jpeg`."""

    slice: Slice
    ct: str
    stain: str
    section: str


@dataclass(frozen=True)
class Validation:
    """A validation.

    Attributes:
        epoch: of the training.
        slices: all that this process has seen.
        shown: the slices whose stains are kept of every epoch.
        worst: those with the lowest scores, the worst first.
        ranked_by: the metric that says which are the worst; "" where there is none.
    """

    epoch: int
    slices: tuple[Slice, ...]
    shown: tuple[Pictures, ...]
    worst: tuple[Pictures, ...]
    ranked_by: str = ""

    def as_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Validation:
        """What `as_json` returned.

        Raises:
            KeyError, TypeError: it is something else.
        """
        return cls(
            int(content["epoch"]),
            tuple(Slice(**one) for one in content["slices"]),
            tuple(_pictures(one) for one in content["shown"]),
            tuple(_pictures(one) for one in content["worst"]),
            str(content["ranked_by"]),
        )


def _pictures(content: Mapping[str, Any]) -> Pictures:
    return Pictures(Slice(**content["slice"]), content["ct"], content["stain"], content["section"])
