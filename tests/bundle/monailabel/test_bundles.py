"""Tests of finding the bundles to serve, and of telling which is which."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundle.monailabel.app.lib.bundles import find_bundles, stains_volumes
from bundle.monailabel.app.lib.refusal import Refusal
from bundle.shared.places import ROOT


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("b", "a", ".c.partial"):
        (tmp_path / name / "configs").mkdir(parents=True)
        (tmp_path / name / "configs" / "metadata.json").write_text("{}")
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_those_that_are_there(models: Path) -> None:
    """Not what is half laid out, and not what is no bundle."""
    assert find_bundles(models) == {"a": models / "a", "b": models / "b"}
    assert find_bundles(models, " b ") == {"b": models / "b"}
    assert list(find_bundles(models, "b,a")) == ["b", "a"]


def test_those_that_are_not(models: Path) -> None:
    with pytest.raises(Refusal, match="holds a, b, not c, notes"):
        find_bundles(models, "a,c,notes")
    with pytest.raises(Refusal, match="holds no bundle"):
        find_bundles(models / "notes")


def test_which_is_ours(models: Path) -> None:
    assert stains_volumes(ROOT)
    assert not stains_volumes(models / "a")
    (models / "a" / "configs" / "inference.yaml").write_text("network_def: {_target_: scripts.Net}\n")
    assert not stains_volumes(models / "a")
