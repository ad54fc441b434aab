"""The digest of a file, against a published one."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.files.digest import file_digest


def test_published_values(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")  # FIPS 180-2, appendices B.1 and B.3
    assert file_digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "million").write_bytes(b"a" * 1_000_000)
    assert file_digest(str(tmp_path / "million")) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "none")
