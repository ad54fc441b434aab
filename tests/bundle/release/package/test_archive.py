"""Tests of writing and unpacking packages."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from bundle.release.package.archive import write_package
from bundle.shared.unpack import unpack
from scripts.errors import InputError

NAME = "xray_histology_virtual_staining"


def test_the_same_bytes_whenever_and_wherever(small_bundle: Path, tmp_path: Path) -> None:
    folder, archive = write_package(small_bundle, tmp_path / "a")
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)
    for path in copied.rglob("*"):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o755)
    _, again = write_package(copied, tmp_path / "b")
    assert archive.name.startswith(f"{NAME}_v")
    assert archive.name == again.name
    assert archive.read_bytes() == again.read_bytes()
    assert {path.name for path in (tmp_path / "a").iterdir()} == {folder.name, archive.name}


def test_what_is_unpacked_is_what_was_packed(small_bundle: Path, tmp_path: Path) -> None:
    folder, archive = write_package(small_bundle, tmp_path)
    unpack(archive, tmp_path / "unpacked")
    packed = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    out = tmp_path / "unpacked" / NAME
    assert {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} == packed


def test_an_older_package_is_replaced_and_nothing_else(small_bundle: Path, tmp_path: Path) -> None:
    folder, _ = write_package(small_bundle, tmp_path)
    (folder / "scripts" / "gone.py").write_text("")
    write_package(small_bundle, tmp_path)
    assert not (folder / "scripts" / "gone.py").exists()
    other = tmp_path / "other"
    (other / NAME).mkdir(parents=True)
    (other / NAME / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="is no package"):
        write_package(small_bundle, other)
    assert (other / NAME / "thesis.txt").read_text() == "mine"


def test_a_full_disk(small_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "docs/README.md")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InputError, match=rf"{tmp_path} cannot be written \(No space left.*another --out"):
        write_package(small_bundle, tmp_path)
    assert not list(tmp_path.iterdir())
