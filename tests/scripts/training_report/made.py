"""A report that is made up, and what a page holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import torch

from scripts.training_report.album import Page
from scripts.training_report.pictures import as_jpeg
from scripts.training_report.report import FINISHED, Moved, Realigned, Report, Status
from scripts.training_report.validation import Pictures, Slice, Validation

EVIL = "</script><script>alert('ß')</script>\"'&_\N{LATIN SMALL LETTER U WITH DIAERESIS}.tif"
OPEN_ENDED = {"meta", "img", "input", "link", "br"}


def picture(level: float = 0.5, channels: int = 3) -> str:
    return as_jpeg(torch.full((channels, 40, 60), level), 400)


def slices(names: Sequence[str] = ("a.tif", "b.tif")) -> tuple[Slice, ...]:
    """The first is the worst."""
    scores = [{"ssim": 0.4 + 0.1 * index, "psnr": 20.0 + index} for index in range(len(names))]
    return tuple(
        Slice(name, f"specimen {index}", 40, 60, values)
        for index, (name, values) in enumerate(zip(names, scores, strict=True))
    )


def pictures(one: Slice) -> Pictures:
    return Pictures(one, picture(0.2, 1), picture(0.6), picture(0.9))


def rows(epochs: int, interval: int = 2) -> list[dict[str, float]]:
    """A history whose SSIM rises and then falls: 0.5 + 0.04 e - 0.002 e^2 is highest at epoch 10."""
    made = []
    for epoch in range(1, epochs + 1):
        row = {"epoch": float(epoch), "learning_rate": 0.002, "loss": 50 / epoch, "pixel_stain": 0.3 / epoch}
        if epoch % interval == 0:
            row |= {"validation_ssim": 0.5 + 0.04 * epoch - 0.002 * epoch**2, "validation_psnr": 18.0 + 0.1 * epoch}
        made.append(row)
    return made


def report(epochs: int = 12, names: Sequence[str] = ("a.tif", "b.tif"), **changes: Any) -> Report:
    """A training of so many epochs, validated after each second one."""
    seen, history = slices(names), rows(epochs)
    made = Report(
        name="training",
        status=Status(FINISHED, epochs, epochs, 3900.0, datetime(2026, 12, 1, 11, 40)),
        verdict="Better than a lookup table in both scores.",
        facts={"Pairs": "36"},
        rows=history,
        scores={"ssim": 0.7, "psnr": 19.0},
        best_epoch=10,
        key_metric="ssim",
        first_epoch=9,
        lookup_table={"ssim": 0.564, "psnr": 18.4},
        validation=Validation(epochs, seen, tuple(map(pictures, seen)), (pictures(seen[0]),), "ssim"),
        pages=[
            Page(epoch, 60.0 * epoch, {one.key: picture(epoch / epochs) for one in seen})
            for epoch in range(2, epochs + 1, 2)
        ],
        left_out=0,
        realigned=Realigned((4, 8), (Moved("a.tif", "A", 6.0), Moved("c.tif", "C", 0.4)), 0.7),
        working_um=5.0,
        synthetic=None,
        run={
            "command": "python -m bundle train D",
            "differences": {"batch_size": {"default": 8, "value": 4}},
            "datalist": {"path": "D/datalist.json", "sha256": "ab" * 32},
            "versions": {"torch": "2.13.0"},
            "seed": 7,
            "pairs": [{"ct": "ct/a.tif", "sha256": "cd" * 32}],
        },
    )
    return replace(made, **changes)


class Parsed(HTMLParser):
    """What a page holds. Elements that do not close in order raise an AssertionError."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in OPEN_ENDED:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> Iterator[dict[str, str | None]]:
        """Attributes of the elements of a kind."""
        return (attributes for name, attributes in self.elements if name == tag)

    @property
    def text(self) -> str:
        """All that is read."""
        return " ".join(" ".join(text.split()) for tag, text in self.texts if tag not in ("script", "style"))

    def script(self) -> str:
        """What the slider shows."""
        return next(text for tag, text in self.texts if tag == "script")
