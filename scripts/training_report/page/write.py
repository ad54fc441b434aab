"""The page as text, from its template."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from scripts.files.template import Html, element, fill, read_html
from scripts.training_report.page.curves import term_curves, training_curves, validation_curves, validations_table
from scripts.training_report.page.head import best_words, headline, notices, progress_words, scores_table, tiles
from scripts.training_report.page.origin import facts_list, pairs_table, pairs_title, provenance, settings_table
from scripts.training_report.page.pairs import left_out_words, moved_table, moved_words
from scripts.training_report.page.previews import MOST_SLICES, preview_rows, slices_table, stains, worst_rows
from scripts.training_report.pictures import LARGE
from scripts.training_report.report import Report
from scripts.words import count

FOLDER = Path(__file__).parent / "templates"


def build_page(report: Report) -> str:
    """The page, which needs no other file and no network."""
    style, script = read_html(FOLDER / "page.css"), read_html(FOLDER / "page.js")
    validated = report.validation is not None
    parts = {
        "previews": _previews(report) if validated else _none("No validation yet: pictures come with the first one."),
        "scores": scores_table(report) if validated else _none("No validation yet."),
        "curves": _curves(report) if report.rows else _none("No epoch is complete yet."),
        "slices": _slices(report) if validated else _none("No validation yet."),
        "moved": fill(
            FOLDER / "moved.html",
            words=moved_words(report),
            table=moved_table(report),
            more=left_out_words(report.realigned),
        ),
        "origin": _origin(report),
    }
    page = fill(
        FOLDER / "page.html",
        name=report.name,
        state=report.status.word,
        kind=report.status.word.replace(" ", "-"),
        headline=headline(report),
        progress=progress_words(report),
        best_words=best_words(report),
        epoch=report.status.epoch,
        max_epochs=max(1, report.status.max_epochs),
        notices=notices(report),
        tiles=tiles(report),
        content=stains(report),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        **parts,
    )
    return f"{page}\n"


def _none(words: str) -> Html:
    return element("p", words, class_="none")


def _previews(report: Report) -> Html:
    epochs = [page.epoch for page in report.pages]
    all_of_them = len(epochs) + report.left_out
    left_out = (
        f"To keep this file small, {len(epochs)} of {all_of_them} validations are shown, "
        "the first, the best and the last among them."
    )
    return fill(
        FOLDER / "previews.html",
        rows=preview_rows(report),
        side=LARGE,
        stain="The stain is that of the epoch at the slider."
        if len(epochs) > 1
        else f"The stain is that of epoch {epochs[0] if epochs else report.best_epoch}.",
        last=max(0, len(epochs) - 1),
        left_out=left_out if report.left_out else "",
        unknown="" if report.working_um else "How large a pixel is, no pair says: scale bars are in pixels.",
    )


def _curves(report: Report) -> Html:
    return fill(
        FOLDER / "curves.html",
        validation=validation_curves(report),
        training=training_curves(report),
        terms=term_curves(report),
        table=validations_table(report),
    )


def _slices(report: Report) -> Html:
    assert report.validation is not None
    slices, ranked_by = report.validation.slices, report.validation.ranked_by
    return fill(
        FOLDER / "slices.html",
        epoch=report.validation.epoch,
        count=count(len(slices), "slice"),
        rows=worst_rows(report),
        all="All slices" if len(slices) <= MOST_SLICES else f"The {MOST_SLICES} worst slices",
        table=slices_table(slices, ranked_by),
    )


def _origin(report: Report) -> Html:
    return fill(
        FOLDER / "origin.html",
        facts=facts_list(report.facts) or _none("Not known."),
        settings=settings_table(report.run),
        command=report.run.get("command") or "not known",
        provenance=provenance(report.run) or _none("Not known."),
        all=pairs_title(report.run),
        pairs=pairs_table(report.run),
    )


def _hash(text: str) -> str:
    """What the page's policy lets run or apply: this very text, and nothing that a name might smuggle in."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
