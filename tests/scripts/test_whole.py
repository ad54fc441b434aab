"""Files that are whole or not there at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from scripts import whole


def test_text_takes_the_place_of_another(tmp_path: Path) -> None:
    whole.write_text(tmp_path / "a.txt", "one")
    whole.write_text(tmp_path / "a.txt", "zwölf")
    assert (tmp_path / "a.txt").read_bytes() == "zwölf".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_text_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole.write_text(tmp_path / "a.txt", "one")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("scripts.whole.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        whole.write_text(tmp_path / "a.txt", "two")
    assert (tmp_path / "a.txt").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_is_removed_and_its_target_stays(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    whole.remove(tmp_path / "link")
    assert (tmp_path / "target" / "file").read_text() == "mine"
    whole.remove(tmp_path / "target")
    assert not list(tmp_path.iterdir())
