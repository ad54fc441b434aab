"""Links of the pages lead somewhere, images are there, and no page is out of reach."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bundle.shared.contents import contents
from tests.conftest import ROOT
from tests.docs.pages import PAGES, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = ("https:", "http:", "mailto:")


def links(page: Path) -> list[str]:
    """Targets of a page's links and images within the repository."""
    return [target for target in LINK.findall(prose(page)) if not target.startswith(OUTSIDE)]


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        number = 0
        while (f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(f"{anchor}-{number}" if number else anchor)
    return found


def test_anchors(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `b_c`, d?\n\n```bash\n# no heading\n```\n\n## Twice\n\n### Twice\n")
    assert anchors(page) == {"a-b_c-d", "twice", "twice-1"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}: no such heading"


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_published_pages_link_to_what_is_published(page: Path) -> None:
    """`docs` goes to the Model Zoo, without tests and command line."""
    published = contents(ROOT)
    for target in links(page):
        path = (page.parent / target.partition("#")[0]).resolve().relative_to(ROOT).as_posix()
        assert path in published or any(name.startswith(f"{path}/") for name in published), f"{page.name}: {target}"


def test_every_page_is_listed_in_the_readme() -> None:
    listed = {(ROOT / target.partition("#")[0]).resolve() for target in links(PAGES[0])}
    zoo = ROOT / "docs" / "README.md"  # which is what the Model Zoo shows first
    assert set(PAGES[1:]) - listed == {zoo}


def test_every_image_is_shown() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for target in links(page)}
    assert {path for path in (ROOT / "docs" / "images").iterdir() if path not in shown} == set()
