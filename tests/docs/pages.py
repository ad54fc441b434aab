"""The pages of the documentation, and what of them is not prose."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Snippet:
    """Something in a page that is to be typed or saved.

    Attributes:
        page: its path.
        language: as its fence says.
        text: without fence and indentation.
    """

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.language}:{self.text.strip().splitlines()[0][:60]}"


def fenced() -> list[Snippet]:
    """All blocks between fences."""
    return [
        _snippet(page, match[2], textwrap.dedent(match[3]))
        for page in PAGES
        for match in FENCE.finditer(page.read_text(encoding="utf-8"))
    ]


def _snippet(page: Path, language: str, text: str) -> Snippet:
    """Prompts tell the language where the fence does not, as the zoo's template has it."""
    for prompt, meant in (("$ ", "bash"), (">>> ", "python")):
        if not language and text.startswith(prompt):
            return Snippet(page, meant, re.sub(rf"^{re.escape(prompt)}", "", text, flags=re.MULTILINE))
    return Snippet(page, language, text)


def prose(page: Path) -> str:
    """A page without what is between fences."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def inline() -> list[Snippet]:
    """All that stands between backticks in the prose, lines joined."""
    return [
        Snippet(page, "inline", " ".join(match[1].split()))
        for page in PAGES
        for match in re.finditer(r"`([^`]+)`", prose(page))
    ]
