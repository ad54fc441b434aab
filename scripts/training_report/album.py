"""The pictures of earlier validations: small files, so that a resumed training still has them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scripts.training_report.validation import Validation
from scripts.whole import write_text

LATEST = "latest.json"


class Page(NamedTuple):
    """Of one epoch.

    Attributes:
        epoch: of the training.
        seconds: that the training had taken by then, earlier sessions included.
        stains: key of a slice to its stain, JPEG in base64.
    """

    epoch: int
    seconds: float
    stains: dict[str, str]


class Album:
    """A folder with a file of each validation, and all of the latest one.

    Args:
        folder: is made when there is something to keep.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, seen: Validation, seconds: float) -> None:
        """Keep a validation.

        Raises:
            OSError: the disk is full, or the folder is closed to the user.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        stains = {pictures.slice.key: pictures.stain for pictures in seen.shown}
        write_text(self._file(seen.epoch), json.dumps(Page(seen.epoch, seconds, stains)._asdict()))
        write_text(self.folder / LATEST, json.dumps(seen.as_json()))

    def latest(self) -> Validation | None:
        """The validation that was added last; None where there is none that can be read."""
        try:
            return Validation.from_json(_read(self.folder / LATEST))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def latest_size(self) -> int:
        """Bytes of the latest validation."""
        file = self.folder / LATEST
        return file.stat().st_size if file.is_file() else 0

    def page(self, epoch: int) -> Page | None:
        """What is kept of an epoch; None where nothing is, or nothing that can be read."""
        try:
            return Page(**_read(self._file(epoch)))
        except (OSError, ValueError, TypeError):
            return None

    def sizes(self, epochs: Collection[int]) -> dict[int, int]:
        """Bytes of what is kept of those of the epochs of which something is."""
        files = {epoch: self._file(epoch) for epoch in sorted(epochs)}
        return {epoch: file.stat().st_size for epoch, file in files.items() if file.is_file()}

    def _file(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:04d}.json"


def thinned(sizes: dict[int, int], keep: Sequence[int], budget: int) -> list[int]:
    """Epochs that take at most `budget` bytes together: every one, or every second, third, ...

    Args:
        sizes: epoch to bytes, in order.
        keep: epochs that stay, whatever the budget, besides the first and the last.
        budget: bytes.
    """
    epochs = list(sizes)
    kept = {*epochs[:1], *epochs[-1:], *(epoch for epoch in keep if epoch in sizes)}
    for step in range(1, len(epochs) + 1):
        chosen = sorted(kept.union(epochs[::step]))
        if sum(sizes[epoch] for epoch in chosen) <= budget:
            return chosen
    return sorted(kept)


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
