"""Reading, writing and staining of volumes build on each other in this order."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

ORDER = ("read", "grid", "write", "stain")
FOLDER = ROOT / "scripts" / "volume"


def _imported(path: Path) -> set[str]:
    """Names of the modules that a file imports, at its top or within its functions."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    whole = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return whole | {
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    }


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_imports_only_from_those_before_it(folder: str) -> None:
    later = tuple(f"scripts.volume.{name}." for name in ORDER[ORDER.index(folder) + 1 :])
    files = sorted((FOLDER / folder).rglob("*.py"))
    assert files
    upward = [f"{path.name}: {name}" for path in files for name in _imported(path) if f"{name}.".startswith(later)]
    assert upward == []


def test_every_folder_has_its_place_in_the_order() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/__init__.py")} == set(ORDER)
