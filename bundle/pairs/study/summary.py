"""The summary of a study: a page with a thumbnail of every pair, to be looked through before training."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bundle.pairs.pair_files import NORMALISED, PAGE, PICTURE
from bundle.pairs.report import VERDICT_COLOURS

if TYPE_CHECKING:
    from bundle.pairs.study.collect import Outcome


def said_of(report: Mapping[str, Any] | None) -> str:
    """The verdict on a pair in words: "good", "usable with mask", "rejected" or "not registered"."""
    if report is None:
        return "not registered"
    return "rejected" if report["verdict"] == "reject" else str(report["verdict"])


def counted(outcomes: Iterable[Outcome]) -> str:
    """How many pairs there are of each verdict, such as "12 good, 1 rejected"."""
    verdicts = Counter(said_of(outcome.report) for outcome in outcomes)
    return ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())


def write_summary(outcomes: Sequence[Outcome], pairs: str) -> str:
    """The page's HTML.

    Args:
        outcomes: of all rows.
        pairs: folder of the pairs, from where the page lies.
    """
    total = counted(outcomes)
    cards = "\n".join(_card(outcome, pairs) for outcome in outcomes)
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Pairs: {html.escape(total)}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; color: #1f2937 }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(22rem, 1fr)); gap: 1.5rem }}
article {{ border: 1px solid #e5e7eb; border-radius: 6px; padding: .8rem }} img {{ width: 100% }}
h2 {{ font-size: 1rem; margin: 0 }} p {{ margin: .2rem 0; font-size: 13px }}
</style>
<h1>{html.escape(total)}</h1>
<p>Rejected and missing sections are not in <code>datalist.json</code>. Click a picture for the report of a pair.</p>
<main>
{cards}
</main>
</html>
"""


def _card(outcome: Outcome, pairs: str) -> str:
    name = html.escape(outcome.row.name)
    of = f"{html.escape(outcome.row.specimen)}, {outcome.row.split}"
    if outcome.report is None:
        return f"<article><h2>{name}</h2><p>{of}</p><p>{html.escape(outcome.mistake or '')}</p></article>"
    colour = VERDICT_COLOURS[outcome.report["verdict"]]
    reasons = html.escape("; ".join(outcome.report["reasons"]))
    folder, even = f"{pairs}/{quote(outcome.row.name)}", ""
    if outcome.strength is not None:
        of += f"; dye {' / '.join(f'{factor:.2f}' for factor in outcome.strength)} of the usual in red, green, blue"
        even = f'<img loading="lazy" alt="{name}, dye made even" src="{folder}/{NORMALISED}">'
    return (
        f'<article><h2 style="color: {colour}">{name}: {said_of(outcome.report)}</h2><p>{of}</p><p>{reasons}</p>'
        f'<a href="{folder}/{PAGE}"><img loading="lazy" alt="report of {name}" src="{folder}/{PICTURE}"></a>'
        f"{even}</article>"
    )
