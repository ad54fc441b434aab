"""Tests of zips that come from elsewhere."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from bundle.shared.unpack import unpack
from scripts.errors import InputError


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "..\\evil.py"])
def test_entries_that_lead_outside(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr(name, "evil")
    with pytest.raises(InputError, match="lies outside"):
        unpack(tmp_path / "a.zip", tmp_path / "in" / "out")
    assert not list(tmp_path.rglob("*evil.py"))


def test_damaged_zips(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("weights", np.random.default_rng(0).bytes(10_000))
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is no zip"):
        unpack(archive, tmp_path / "out")
    middle = len(whole) // 2
    archive.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    with pytest.raises(InputError, match="damaged"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
