"""A pair as folders or a table give it, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Listed:
    """A pair.

    Attributes:
        name: by which messages call it.
        ct: grey image.
        section: colour image.
        specimen: of which both are.
        split: "training", "validation" or "test"; empty where nobody said.
        mask: image, 0 where the pair is not to be used; None for none.
        pixel_um: edge of a pixel in micrometres, where somebody gave it.
        ct_window: grey values of black and white, or a word; None where nobody gave them.
    """

    name: str
    ct: Path
    section: Path
    specimen: str
    split: str = ""
    mask: Path | None = None
    pixel_um: float | None = None
    ct_window: tuple[float, float] | str | None = None
