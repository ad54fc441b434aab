"""docs/architecture.md has a place for every part."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| `")]
MAIN = ("__init__.py", "__main__.py", "__pycache__")
TOPS = [path for top in ("scripts", "bundle") for path in sorted((ROOT / top).iterdir()) if path.name not in MAIN]
PACKAGES = [path.parent for top in ("scripts", "bundle") for path in sorted((ROOT / top).glob("*/**/__init__.py"))]
PARTS = sorted({*TOPS, *PACKAGES})
OF_ITS_PARENT = ("bundle/evidence/speed/", "bundle/monailabel/app/")  # folders that their parent's row tells of


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_has_a_row(path: Path) -> None:
    """A folder by its path; a file by its path, or behind another of its folder by its name."""
    whole = path.relative_to(ROOT).as_posix()
    if whole.startswith(OF_ITS_PARENT):
        return
    first_cells = [row.split("|")[1].strip() for row in ROWS]
    beside = " ".join(cell for cell in first_cells if cell.startswith(f"`{path.parent.name}/"))
    names = {whole} if path.is_dir() else {whole, path.name}
    assert names & {*re.findall(r"`([^`]+)`", " ".join(first_cells if path.is_dir() else [beside]))}


def test_names_no_file_that_is_gone() -> None:
    tops = ("scripts", "bundle", "configs", "tests", ".github")
    known = {path.name for top in tops for path in (ROOT / top).rglob("*")}
    for name in re.findall(r"`([\w./]+\.(?:py|yaml|yml))`", PAGE):
        assert name.split("/")[-1] in known, name
        assert "/" not in name or (ROOT / name).is_file(), name
