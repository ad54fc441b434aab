"""Whether the metadata name every package that the published code needs, in the versions that the tests run with."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import sys

from bundle.release.package.verify import requirements
from tests.conftest import ROOT

BY_MONAI = {"pyyaml", "fire"}  # to read the configs, and for its command line; MONAI itself requires neither
OPTIONAL = {"onnxruntime"}  # only for model.onnx, and a message says so where it is missing


def normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def named() -> dict[str, str]:
    metadata = json.loads((ROOT / "configs" / "metadata.json").read_text())
    return {normal(name): version for name, version in requirements(metadata).items()}


def imported() -> set[str]:
    """Top-level modules that `scripts` imports, wherever in a file."""
    found = set()
    for path in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.split(".")[0] for name in names}
    return found - set(sys.stdlib_module_names) - {"scripts"}


def test_every_package_is_named() -> None:
    distributions = importlib.metadata.packages_distributions()
    missing = {
        module
        for module in imported() - OPTIONAL
        if not {normal(name) for name in distributions.get(module, [module])} & set(named())
    }
    assert not missing
    assert set(named()) >= BY_MONAI


def test_versions_are_those_of_the_tests() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    tested = {normal(name): version for name, version in pins.items()}
    assert named() == {name: tested[name] for name in named()}
