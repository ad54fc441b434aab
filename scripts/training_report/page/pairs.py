"""The training pairs that were moved farthest."""

from __future__ import annotations

from scripts.files.template import Html, element, joined
from scripts.training_report.page.words import length
from scripts.training_report.report import Realigned, Report
from scripts.words import count

MOST = 8


def moved_words(report: Report) -> str:
    """What was measured, and from where on it means something."""
    found, um = report.realigned, report.working_um
    if not found.epochs and not found.pairs:
        return "The pairs are not registered anew in this training."
    if not found.pairs:
        later = [epoch for epoch in sorted(found.epochs) if epoch > report.status.epoch]
        when = f"the next time after epoch {later[0]}" if later else "and none was moved"
        return f"The pairs are registered anew after some epochs, {when}."
    floor = f"{found.floor:g} pixels" + (f" ({length(found.floor * um)})" if um else "")
    unknown = "" if um else " How large a pixel is, no pair says."
    moved = count(len(found.pairs), "training pair")
    return (
        f"The CT of {moved} was moved to where the stain fits the section. "
        "The table says by how much: root mean square over the slice. The floor of this measurement is "
        f"{floor}: so much was found of pairs of the synthetic phantom that nobody had displaced.{unknown}"
    )


def moved_table(report: Report) -> Html:
    """The pairs that were moved farthest, with bars on which the floor is marked; empty where there are none."""
    found, um = report.realigned, report.working_um
    if not found.pairs:
        return Html()
    scale = max(found.pairs[0].pixels, 2 * found.floor)
    body = [
        element(
            "tr",
            element("th", pair.name, " ", element("small", pair.specimen), scope="row"),
            element("td", f"{pair.pixels:.1f} px", f", {length(pair.pixels * um)}" if um else ""),
            element("td", _bar(pair.pixels / scale, found.floor / scale), class_="drawn"),
        )
        for pair in found.pairs[:MOST]
    ]
    mark = element("th", "line: the floor", scope="col")
    head = element("tr", *(element("th", text, scope="col") for text in ("pair", "moved by")), mark)
    return element("table", element("thead", head), element("tbody", joined(body)), class_="numbers")


def left_out_words(found: Realigned) -> str:
    """How many pairs the table lacks."""
    more = len(found.pairs) - MOST
    if more < 1:
        return ""
    return "One more pair was moved less far." if more == 1 else f"{more} more pairs were moved less far."


def _bar(share: float, floor: float) -> Html:
    """A bar of a share of the cell's width, with a mark."""
    return element(
        "svg",
        element("rect", class_="moved", width=f"{100 * share:.1f}%", height="10", rx="2"),
        element("line", class_="floor", x1=f"{100 * floor:.1f}%", x2=f"{100 * floor:.1f}%", y1="-4", y2="14"),
        class_="moves",
        width="100%",
        height="10",
        aria_hidden="true",
    )
