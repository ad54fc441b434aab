"""Slices as CT, virtual stain and section, with names and scale bars."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from scripts.files.template import Html, element, joined
from scripts.handlers.history import validation_scores
from scripts.round_length import round_length
from scripts.training_report.page.words import length, said, score
from scripts.training_report.report import Report
from scripts.training_report.validation import Pictures, Slice
from scripts.words import with_unit

JPEG = "data:image/jpeg;base64,"
MOST_SLICES = 200  # in the table
LONGEST_BAR = 0.3  # of the width of a picture


def preview_rows(report: Report) -> Html:
    """The slices that are shown of every epoch; their stains are those of the last one."""
    shown = report.validation.shown if report.validation else ()
    return joined(_row(pictures, report.working_um, index) for index, pictures in enumerate(shown))


def worst_rows(report: Report) -> Html:
    """The slices with the lowest scores."""
    worst = report.validation.worst if report.validation else ()
    return joined(_row(pictures, report.working_um) for pictures in worst)


def stains(report: Report) -> Html:
    """What the slider shows, as JSON: epochs, scores in words, and of each slice the stains as JPEG in base64."""
    shown = report.validation.shown if report.validation else ()
    rows = {int(row["epoch"]): row for row in report.rows}
    content = {
        "epochs": [page.epoch for page in report.pages],
        "best": report.best_epoch,
        "scores": [_scores(rows.get(page.epoch, {})) for page in report.pages],
        "stains": [[page.stains.get(pictures.slice.key, "") for page in report.pages] for pictures in shown],
    }
    return Html(json.dumps(content).replace("<", "\\u003c"))  # nothing may end the script element


def _scores(row: Mapping[str, float]) -> str:
    scores = validation_scores(row)
    return ", ".join(said(name, value) for name, value in scores.items())


def slices_table(slices: Sequence[Slice], ranked_by: str) -> Html:
    """Slices and their scores, the worst first."""
    metrics = list(dict.fromkeys(name for one in slices for name in one.scores))
    ranked = sorted(slices, key=lambda one: one.scores.get(ranked_by, float("inf")))
    head = element(
        "tr", *(element("th", text, scope="col") for text in ("slice", "specimen", *map(with_unit, metrics)))
    )
    body = [
        element(
            "tr",
            element("th", one.name, scope="row"),
            element("td", one.specimen),
            *(element("td", score(name, one.scores[name]) if name in one.scores else "") for name in metrics),
        )
        for one in ranked[:MOST_SLICES]
    ]
    return element("table", element("thead", head), element("tbody", joined(body)), class_="numbers")


def _row(pictures: Pictures, working_um: float | None, index: int | None = None) -> Html:
    one = pictures.slice
    home = f"specimen {one.specimen}" if one.specimen else ""
    scores = ", ".join(said(name, value) for name, value in one.scores.items())
    words = element("span", " · ".join(filter(None, (home, scores))) if index is None else home)
    columns = [
        _picture("CT", pictures.ct, one, working_um, "ct"),
        _picture("virtual stain", pictures.stain, one, working_um, "stain", index),
        _picture("section", pictures.section, one, working_um, "section"),
    ]
    return element(
        "article", element("h3", one.name, " ", words), element("div", *columns, class_="three"), class_="slice"
    )


def _picture(title: str, jpeg: str, one: Slice, working_um: float | None, kind: str, index: int | None = None) -> Html:
    image = Html(
        element(
            "img",
            src=JPEG + jpeg,
            alt=f"{title} of {one.name}",
            width=one.columns,
            height=one.rows,
            data_slice=index,
        ).removesuffix("</img>")
    )
    return element("figure", element("figcaption", title), image, _scale_bar(one, working_um), class_=kind)


def _scale_bar(one: Slice, working_um: float | None) -> Html:
    pixel = working_um or 1.0
    long = round_length(LONGEST_BAR * one.columns * pixel)
    share = f"{100 * long / (one.columns * pixel):.2f}%"
    bar = element(
        "svg", element("rect", width="100%", height="4"), width=share, height="4", class_="bar", aria_hidden="true"
    )
    words = length(long) if working_um else f"{long:g} pixels"
    return element("div", bar, element("span", words), class_="rule")
