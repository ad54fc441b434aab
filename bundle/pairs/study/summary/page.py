"""The summary of a study: a page with a thumbnail of every pair, to be looked through before training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from bundle.pairs.pair_files import NORMALISED, PAGE, PICTURE
from bundle.pairs.report.verdict import COLOURS, said_of
from bundle.pairs.study.outcome import Outcome, counted
from scripts.files.template import Html, fill, read_html

FOLDER = Path(__file__).parent


def summary_of(outcomes: Sequence[Outcome], pairs: str) -> str:
    """The page as text.

    Args:
        outcomes: of all rows.
        pairs: folder of the pairs, from where the page lies.
    """
    cards = Html("\n".join(_card(outcome, pairs) for outcome in outcomes))
    style = read_html(FOLDER / "page.css")
    return fill(FOLDER / "page.html", total=counted(outcomes), style=style, cards=cards) + "\n"


def _card(outcome: Outcome, pairs: str) -> Html:
    name, home = outcome.row.name, f"{outcome.row.specimen}, {outcome.row.split}"
    if outcome.report is None:
        return fill(FOLDER / "card_without_pair.html", name=name, home=home, mistake=outcome.mistake or "")
    folder, dye, normalised = f"{pairs}/{quote(name)}", "", Html()
    if outcome.strength is not None:
        factors = " / ".join(f"{factor:.2f}" for factor in outcome.strength)
        dye = f"; dye {factors} of the usual in red, green, blue"
        normalised = fill(FOLDER / "normalised.html", name=name, folder=folder, file=NORMALISED)
    return fill(
        FOLDER / "card.html",
        name=name,
        home=home,
        verdict=said_of(outcome.report),
        colour=COLOURS[outcome.report["verdict"]],
        dye=dye,
        reasons="; ".join(outcome.report["reasons"]),
        folder=folder,
        page=PAGE,
        picture=PICTURE,
        normalised=normalised,
    )
