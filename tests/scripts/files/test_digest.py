"""The digest of a file, against a published one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.files.digest import file_digest, file_signature


def test_published_values(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendices B.1 and B.3
    assert file_digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "million").write_bytes(b"a" * 1_000_000)
    assert file_digest(str(tmp_path / "million")) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "none")


def test_a_signature_is_size_and_time_of_change(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    os.utime(path, ns=(1, 2))
    assert file_signature([path]) == {str(path): [3, 2]}


def test_a_signature_of_many_files_is_one(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.tif" for number in range(17)]
    for path in paths:
        path.touch()
    before = file_signature(paths)
    assert file_signature(paths[::-1]) == before
    assert before["all"][0] == 17
    os.utime(paths[3], ns=(1, 2))
    assert file_signature(paths) != before
