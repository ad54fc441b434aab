"""Tests of filling template files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.files.template import Html, element, fill, joined, read_html


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text('<p title="$title">$text</p>\n')
    return path


def test_text_is_escaped(template: Path) -> None:
    page = fill(template, title='a" onload="b', text="<b>&amp; $title\n")
    assert page == r'<p title="a&quot; onload=&quot;b">&lt;b&gt;&amp;amp; $title\x0a</p>'


def test_html_is_not(template: Path) -> None:
    assert fill(template, title=3, text=Html("<b>a</b>")) == '<p title="3"><b>a</b></p>'


def test_what_was_filled_is_html(template: Path) -> None:
    inner = fill(template, title="a", text="<")
    assert fill(template, title="b", text=inner) == '<p title="b"><p title="a">&lt;</p></p>'


def test_a_name_that_is_not_utf_8(template: Path) -> None:
    name = os.fsdecode("Schädel".encode("latin-1"))
    assert r"Sch\xe4del" in fill(template, title=name, text="")


def test_a_missing_field(template: Path) -> None:
    with pytest.raises(KeyError, match="text"):
        fill(template, title="a")


def test_a_style_sheet_goes_in_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text("a > b { content: '$x' }\n")
    assert fill_style(tmp_path) == "<style>a > b { content: '$x' }\n</style>"


def fill_style(folder: Path) -> str:
    (folder / "page.html").write_text("<style>$style</style>")
    return fill(folder / "page.html", style=read_html(folder / "page.css"))


def test_an_element() -> None:
    made = element("p", "<b>", Html("<i>a</i>"), 3, class_='"x"', data_place=0, hidden=True, lang=None, open=False)
    assert made == '<p class="&quot;x&quot;" data-place="0" hidden>&lt;b&gt;<i>a</i>3</p>'
    assert joined([made, Html("b")]) == f"{made}\nb"
