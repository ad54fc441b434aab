"""Versions that are written down twice agree."""

from __future__ import annotations

import re

from bundle.release.package.verify import requirements
from bundle.shared.contents import read_metadata
from tests.conftest import ROOT

METADATA = read_metadata(ROOT)


def test_of_the_bundle() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert found is not None
    assert found[1] == METADATA["version"]


def test_of_what_it_needs() -> None:
    """The zoo installs what `make venv` installs."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE))
    wanted = requirements(METADATA)
    assert wanted
    assert {name: pins[name] for name in wanted} == wanted
