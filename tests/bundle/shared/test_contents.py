"""Tests of what is published."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bundle.shared import contents as module
from bundle.shared.contents import contents, read_metadata
from scripts.errors import InputError
from tests.conftest import ROOT


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The smallest bundle that the zoo would take, and what lies about in a working copy."""
    root = tmp_path / "bundle"
    files = [
        "LICENSE",
        "configs/train.yaml",
        "configs/inference.yaml",
        "models/model.pt",
        "docs/README.md",
        "scripts/a/b.py",
    ]
    left = ["tests/test_a.py", "bundle/cli.py", "data/ct.tif", "models/other.pt", ".git/HEAD", "README.md"]
    left += ["scripts/__pycache__/b.pyc", "scripts/notes.txt", "docs/.DS_Store", "configs/.train.yaml.swp"]
    for name in [*files, *left]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "configs" / "metadata.json").write_text(json.dumps({"name": "stain", "version": "1.2.3"}))
    return root


def test_only_what_belongs_there(bundle: Path) -> None:
    assert contents(bundle) == [
        "LICENSE",
        "configs/inference.yaml",
        "configs/metadata.json",
        "configs/train.yaml",
        "docs/README.md",
        "models/model.pt",
        "scripts/a/b.py",
    ]


def test_this_bundle_can_be_published() -> None:
    names = contents(ROOT)
    assert "scripts/networks/generator.py" in names
    assert "configs/train.yaml" in names
    assert not [name for name in names if name.split("/")[0] in ("bundle", "tests", "data")]


@pytest.mark.parametrize("name", module.NEEDED)
def test_what_the_zoo_needs(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    with pytest.raises(InputError, match=f"lacks {name}"):
        contents(bundle)


def test_a_file_that_is_too_large(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 5)
    shutil.copy(bundle / "LICENSE", bundle / "docs" / "film.png")
    with pytest.raises(InputError, match=r"docs/film.png.*large_files.yml"):
        contents(bundle)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "no JSON"), ('{"name": "a"}', "has no 'version'"), ('{"version": "1"}', "has no 'name'")],
)
def test_metadata_that_say_nothing(bundle: Path, text: str, message: str) -> None:
    (bundle / "configs" / "metadata.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_metadata(bundle)
    with pytest.raises(InputError, match="is no bundle"):
        read_metadata(bundle / "docs")
