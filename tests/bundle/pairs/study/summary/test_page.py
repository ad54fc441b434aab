"""Tests of the page about a study."""

from __future__ import annotations

from typing import Any

from bundle.pairs.study.outcome import Outcome, counted
from bundle.pairs.study.summary.page import summary_of
from bundle.pairs.study.table.row import Row


def outcome(name: str, verdict: str | None, **more: Any) -> Outcome:
    report = None if verdict is None else {"verdict": verdict, "reasons": [f"{verdict} <because>"]}
    return Outcome(Row(name, "S<1>", "training"), report, **more)


def test_outcomes_are_counted() -> None:
    assert counted([outcome("a", "good"), outcome("b", None), outcome("c", "good"), outcome("d", "reject")]) == (
        "2 good, 1 not registered, 1 rejected"
    )


def test_each_outcome_has_a_card() -> None:
    page = summary_of([outcome("a b", "good"), outcome("c", None, mistake="<c.svs> is damaged")], "pairs")
    assert "<h1>1 good, 1 not registered</h1>" in page
    assert '<h2 style="color: #2b8a3e">a b: good</h2><p>S&lt;1&gt;, training</p><p>good &lt;because&gt;</p>' in page
    assert (
        '<a href="pairs/a%20b/report.html"><img loading="lazy" alt="report of a b" src="pairs/a%20b/report.png">'
        in page
    )
    assert "<h2>c</h2><p>S&lt;1&gt;, training</p><p>&lt;c.svs&gt; is damaged</p>" in page
    assert page.count("<article>") == 2
    assert "$" not in page


def test_a_section_with_even_dye_is_shown_beside_it() -> None:
    page = summary_of([outcome('"a"', "good", strength=(1.25, 1.0, 0.8))], "pairs")
    assert "training; dye 1.25 / 1.00 / 0.80 of the usual in red, green, blue</p>" in page
    assert '<img loading="lazy" alt="&quot;a&quot;, dye made even" src="pairs/%22a%22/normalised.png">' in page
