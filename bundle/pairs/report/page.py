"""The page of a report: one HTML file that needs no other."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from bundle.pairs.report.verdict import COLOURS
from scripts.files.template import Html, fill, read_html

FOLDER = Path(__file__).parent


def write_page(report: dict[str, Any], picture: Path, page: Path) -> None:
    """Write the report as a page.

    Args:
        report: see `report_of`.
        picture: PNG of the report's figure, which goes into the page.
        page: HTML file to write; its folder's name, without ``.partial``, is the pair's.
    """
    rows = [fill(FOLDER / "row.html", name=_spaced(name), value=_text(value)) for name, value in report.items()]
    text = fill(
        FOLDER / "page.html",
        verdict=report["verdict"],
        name=page.parent.name.removesuffix(".partial"),
        colour=COLOURS[report["verdict"]],
        style=read_html(FOLDER / "page.css"),
        reasons="; ".join(report["reasons"]),
        fits=f"{report['thresholds']['a_window_fits_up_to_pixels']:g}",
        picture=Html(base64.b64encode(picture.read_bytes()).decode("ascii")),
        rows=Html("\n".join(rows)),
    )
    page.write_text(text + "\n", encoding="utf-8")


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{_spaced(name)} {_text(entry)}" for name, entry in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return "" if value is None else f"{value}"
