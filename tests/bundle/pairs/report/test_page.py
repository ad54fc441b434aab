"""Tests of the page of a report."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from bundle.pairs.report.page import write_page

REPORT: dict[str, Any] = {
    "verdict": "usable with mask",
    "reasons": ["52 % of the windows fit", "the map folds"],
    "thresholds": {"a_window_fits_up_to_pixels": 3.0},
    "slide": "/slides/<a> & b.svs",
    "size": [12, 34],
    "landmarks": None,
}


def page_of(folder: Path) -> str:
    folder.mkdir()
    (folder / "report.png").write_bytes(b"picture")
    write_page(REPORT, folder / "report.png", folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_it_says_what_the_report_says(tmp_path: Path) -> None:
    page = page_of(tmp_path / "pair")
    assert '<h1 style="color: #d9480f">usable with mask: 52 % of the windows fit; the map folds</h1>' in page
    assert "<title>usable with mask: pair</title>" in page
    assert "fits best within 3 pixels" in page
    assert "<tr><th>size</th><td>12, 34</td></tr>" in page
    assert "<tr><th>thresholds</th><td>a window fits up to pixels 3.0</td></tr>" in page
    assert "<tr><th>landmarks</th><td></td></tr>" in page
    assert f"data:image/png;base64,{base64.b64encode(b'picture').decode()}" in page
    assert "$" not in page


def test_names_are_text(tmp_path: Path) -> None:
    page = page_of(tmp_path / "<i>a&b<i>.partial")
    assert "<title>usable with mask: &lt;i&gt;a&amp;b&lt;i&gt;</title>" in page
    assert "<td>/slides/&lt;a&gt; &amp; b.svs</td>" in page
