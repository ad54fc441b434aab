"""docs/architecture.md has a place for every part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]
MAIN = ("__init__.py", "__main__.py", "__pycache__")
PARTS = [path for top in ("scripts", "bundle") for path in sorted((ROOT / top).iterdir()) if path.name not in MAIN]


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_has_a_row(path: Path) -> None:
    """A folder by its path; a file by its path, or behind another of its folder by its name."""
    top = path.parent.name
    first_cells = [row.split("|")[1] for row in ROWS]
    of_folder = " ".join(cell for cell in first_cells if cell.strip().startswith(f"`{top}/"))
    names = {name.removeprefix(f"{top}/") for name in re.findall(r"`([^`]+)`", of_folder)}
    assert path.name in names


def test_names_no_file_that_is_gone() -> None:
    tops = ("scripts", "bundle", "configs", "tests", ".github")
    known = {path.name for top in tops for path in (ROOT / top).rglob("*")}
    for name in re.findall(r"`([\w./]+\.(?:py|yaml|yml))`", PAGE):
        assert name.split("/")[-1] in known, name
