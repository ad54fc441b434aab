"""The page with a picture of every pair, worst first: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundle.data.check.checked import GOOD, KEPT, LOOK, OUT, Checked
from bundle.data.listing.listed import Listed
from bundle.data.page.thumbnails import thumbnail_of
from bundle.data.windows import Window
from scripts.files.template import Html, fill, read_html

FOLDER = Path(__file__).parent
ORDER = (OUT, KEPT, LOOK, GOOD)
CLASSES = {OUT: "out", KEPT: "look", LOOK: "look", GOOD: "good"}  # in page.css


@dataclass(frozen=True)
class Said:
    """What the page says besides the findings.

    Attributes:
        remarks: sentences about all pairs.
        used: pairs of the data list by name, with split and mask.
        windows: by specimen.
    """

    remarks: Sequence[str]
    used: Mapping[str, Listed]
    windows: Mapping[str, Window]


def page_of(checked: Sequence[Checked], said: Said) -> str:
    """The page as text.

    Args:
        checked: all pairs.
        said: what it says besides.
    """
    worst_first = sorted(checked, key=lambda one: (ORDER.index(one.verdict), _fitting(one)))
    rows = [
        fill(FOLDER / "window.html", specimen=name, lo=f"{window.lo:.6g}", hi=f"{window.hi:.6g}", why=window.why)
        for name, window in said.windows.items()
    ]
    page = fill(
        FOLDER / "page.html",
        style=read_html(FOLDER / "page.css"),
        remarks=Html("\n".join(fill(FOLDER / "remark.html", text=text) for text in said.remarks)),
        cards=Html("\n".join(_card(one, said) for one in worst_first)),
        windows=fill(FOLDER / "windows.html", rows=Html("\n".join(rows))) if rows else Html(),
    )
    return page + "\n"


def _card(one: Checked, said: Said) -> Html:
    findings = [
        fill(FOLDER / "finding.html", kind=finding.kind, what=finding.what, todo=finding.todo)
        for finding in one.findings
    ]
    return fill(
        FOLDER / "card.html",
        kind=CLASSES[one.verdict],
        name=one.listed.name,
        verdict=one.verdict,
        findings=Html("\n".join(findings)),
        pictures=_pictures(one),
        facts=", ".join(_facts(one, said)),
        ct=one.listed.ct.name,
        section=one.listed.section.name,
    )


def _pictures(one: Checked) -> Html:
    if one.look is None:
        return Html()
    section = one.look.light if one.look.seen is None else one.look.seen.image
    return fill(
        FOLDER / "pictures.html",
        name=one.listed.name,
        ct=Html(thumbnail_of(one.look.grey)),
        section=Html(thumbnail_of(section)),
    )


def _facts(one: Checked, said: Said) -> list[str]:
    pair = said.used.get(one.listed.name)
    facts = [f"specimen {one.listed.specimen}" if pair is None else f"specimen {pair.specimen}, {pair.split}"]
    if pair is not None and pair.mask is not None:
        facts.append("with a mask")
    if one.look is not None:
        rows, columns = one.look.shape
        size = "unknown size" if one.look.pixel_um is None else f"{one.look.pixel_um:g} um"
        facts.append(f"{rows} x {columns} pixels of {size}")
        if one.look.seen is not None:
            facts.append(f"tissue {100 * one.look.seen.tissue.mean():.0f} %")
    if one.quality is not None:
        facts.append(f"{100 * one.quality.fitting:.0f} % of {one.quality.judged} places fit")
    return facts


def _fitting(one: Checked) -> float:
    return 0.0 if one.quality is None else one.quality.fitting
