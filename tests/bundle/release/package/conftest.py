"""The bundle without its weights and pictures, of which a package is made in no time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bundle.shared.contents import contents
from tests.conftest import ROOT

LARGE = (".pt", ".png")  # as good as all bytes of the bundle


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file that is published; what is in weights and pictures is their name."""
    root = tmp_path_factory.mktemp("small") / "bundle"
    for name in contents(ROOT):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(LARGE):
            (root / name).write_text(name)
        else:
            shutil.copyfile(ROOT / name, root / name)
    return root
