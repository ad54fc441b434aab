"""Files that are whole or not there at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from scripts import whole
from scripts.errors import InputError
from scripts.lock import OPEN_FILES_MOVE


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


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with whole.whole_file(tmp_path / "a") as partial:
        partial.write_text("new")
        assert (tmp_path / "a").read_text() == "old"
        assert partial == tmp_path / "a.partial"
    assert (tmp_path / "a").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_that_is_not_finished_leaves_nothing(tmp_path: Path) -> None:
    half = tmp_path / ".half"
    with pytest.raises(ZeroDivisionError), whole.whole_file(tmp_path / "a", half) as partial:
        partial.write_text(f"{half.write_text('new') / 0}")
    assert not list(tmp_path.iterdir())


def test_a_second_name_of_the_file_is_no_rest(tmp_path: Path) -> None:
    """A rename between two names of one file does nothing, by POSIX."""
    (tmp_path / "a").write_text("same")
    with whole.whole_file(tmp_path / "a") as partial:
        partial.unlink()
        partial.hardlink_to(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.partial").symlink_to(tmp_path / "mine")
    with whole.whole_file(tmp_path / "a") as partial:
        partial.write_text("new")
    assert (tmp_path / "mine").read_text() == "mine"
    assert not (tmp_path / "a").is_symlink()


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "a.partial").mkdir()
    (tmp_path / "a.partial" / "left").touch()  # by a process that was killed
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").touch()
    with whole.whole_folder(tmp_path / "a") as partial:
        (partial / "b").mkdir()
        (partial / "b" / "new").write_text("new")
        assert (tmp_path / "a" / "old").exists()
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*"))
    assert found == ["a", "a/b", "a/b/new"]


def test_a_folder_that_is_not_finished_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").touch()
    with pytest.raises(ZeroDivisionError), whole.whole_folder(tmp_path / "a") as partial:
        (partial / "new").write_text(str(1 / 0))
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if target == tmp_path / "a" and path == tmp_path / "a.partial":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(OSError, match="Input/output"), whole.whole_folder(tmp_path / "a") as partial:
        (partial / "new").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left"), "a.txt cannot be written (No space left): free some space or give B."),
        (OSError(errno.EACCES, "Permission denied"), "a.txt cannot be written (Permission denied): give B."),
        (OSError("encoder error"), "a.txt cannot be written (encoder error): free some space or give B."),
    ],
)
def test_what_cannot_be_written_is_one_sentence(error: OSError, sentence: str) -> None:
    with pytest.raises(InputError) as caught, whole.writing("a.txt", "give B"):
        raise error
    assert str(caught.value) == sentence


def test_a_full_disk_may_have_a_cure_of_its_own() -> None:
    with pytest.raises(InputError, match=r": tidy up\.$"), whole.writing("a.txt", "give B", full="tidy up"):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")


def open_file(path: Path) -> None:
    with whole.whole_file(path):
        pass


def open_folder(path: Path) -> None:
    with whole.whole_folder(path):
        pass


@pytest.mark.skipif(not OPEN_FILES_MOVE, reason="Windows renames no open file, so none is locked")
def test_two_do_not_write_one_thing_at_once(tmp_path: Path) -> None:
    """A lock is of an opened file, so one process can play both."""
    with whole.whole_file(tmp_path / "a") as partial:
        partial.write_text("first")
        with pytest.raises(InputError, match=r"Another process is writing .*a: wait for its end"):
            open_file(tmp_path / "a")
    assert (tmp_path / "a").read_text() == "first"
    with whole.whole_folder(tmp_path / "b") as partial:
        (partial / "c").write_text("first")
        with pytest.raises(InputError, match=r"Another process is writing .*b: wait for its end"):
            open_folder(tmp_path / "b")
    assert (tmp_path / "b" / "c").read_text() == "first"
