"""The house: which part imports which, and how large its parts are."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOPS = ("scripts", "bundle")
FILES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*.py"))
}
WINGS = ("evidence", "synthetic", "release")  # of bundle; all else in it are tools
#: What a wing may import besides itself.
MAY_IMPORT = {
    "scripts": set(),
    "shared": {"scripts"},
    "tools": {"scripts", "shared"},
    "synthetic": {"scripts", "shared", "tools"},
    "evidence": {"scripts", "shared", "tools", "synthetic"},
    "release": {"scripts", "shared", "tools", "synthetic", "evidence"},
    "front": {"scripts", "shared", "tools", "synthetic", "evidence", "release"},  # the command line
}
MEANT_TO_BE_SHARED = ("bundle.evidence.shared", "bundle.synthetic.phantom")


def imported(module: str) -> Iterator[str]:
    """Modules of the house that a module imports, in a function, too."""
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in FILES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in TOPS:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in FILES else str(node.module)


IMPORTS = {module: set(imported(module)) - {module} for module in FILES}
ARROWS = [(module, other) for module, others in IMPORTS.items() for other in sorted(others)]


def wing(module: str) -> str:
    """Where a module belongs."""
    top, *rest = module.split(".")
    if top == "scripts":
        return "scripts"
    if not rest or rest[0] in ("cli", "__main__"):
        return "front"
    return rest[0] if rest[0] in (*WINGS, "shared") else "tools"


def room(module: str) -> str:
    """The folder or file of a wing that a module belongs to."""
    return ".".join(module.split(".")[: 3 if wing(module) in WINGS else 2])


def test_no_arrow_leads_upward() -> None:
    assert [a for a in ARROWS if wing(a[1]) not in {wing(a[0]), *MAY_IMPORT[wing(a[0])]}] == []


def test_nothing_is_imported_sideways_but_what_is_meant_to_be_shared() -> None:
    sideways = [
        (module, other)
        for module, other in ARROWS
        if wing(module) == wing(other) not in ("scripts", "shared", "front") and room(module) != room(other)
    ]
    assert [arrow for arrow in sideways if room(arrow[1]) not in MEANT_TO_BE_SHARED] == []


@pytest.mark.parametrize("depth", [2, 3, 4, None], ids=str)
def test_no_circles(depth: int | None) -> None:
    """Neither of modules (None) nor of folders so deep; of a circle graphlib raises a CycleError that names it."""

    def folder(module: str) -> str:
        return ".".join(module.split(".")[:depth])

    graph: dict[str, set[str]] = {folder(module): set() for module in FILES}
    for module, other in ARROWS:
        graph[folder(module)] |= {folder(other)} - {folder(module)}
    list(TopologicalSorter(graph).static_order())


def bodies(tree: ast.AST) -> Iterable[tuple[str, int]]:
    """Names of functions, and the lines of each without its docstring."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[1:] if ast.get_docstring(node) is not None else node.body
            yield node.name, node.end_lineno - first[0].lineno + 1 if first and node.end_lineno else 0


def test_files_are_short() -> None:
    sizes = {module: path.stat().st_size for module, path in FILES.items()}
    assert {module: size for module, size in sizes.items() if size > 12_000} == {}


def test_functions_are_short() -> None:
    long = [
        f"{module}.{name}: {lines} lines"
        for module, path in FILES.items()
        for name, lines in bodies(ast.parse(path.read_text(encoding="utf-8")))
        if lines > 50
    ]
    assert long == []


@pytest.mark.parametrize("top", TOPS)
def test_folders_hold_few_files(top: str) -> None:
    folders: list[Path] = [path for path in (ROOT / top).rglob("*") if path.is_dir() and path.name != "__pycache__"]
    counts = {path: sum(entry.is_file() for entry in path.iterdir()) for path in folders}
    assert {path: count for path, count in counts.items() if count > 16} == {}
