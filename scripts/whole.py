"""Files and folders that are whole or not there at all, whatever ends the process or the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.errors import InputError, cannot_write
from scripts.lock import locked


def partial_of(path: Path) -> Path:
    """The name of a file or folder, ``<name>.partial`` beside it, until it is whole."""
    return path.with_name(f"{path.name}.partial")


@contextlib.contextmanager
def writing(path: object, cure: str = "give another --output_dir", full: str | None = None) -> Iterator[None]:
    """Turn an error of the disk into one sentence; see `cannot_write` for the arguments.

    Raises:
        InputError: anything within raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error, cure, full) from error


@contextlib.contextmanager
def whole_file(path: Path, partial: Path | None = None) -> Iterator[Path]:
    """Yield the path of a file to write, which gets its name at the end, or is removed if anything is raised.

    Args:
        path: the file; an earlier one stays until the new one is whole.
        partial: its name until then, on the same file system; None: see `partial_of`.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
        InputError: another process is writing the same file.
    """
    partial = partial or partial_of(path)
    if partial.is_symlink():
        partial.unlink()  # to write through it would change a file elsewhere
    with _alone(path, partial):
        try:
            yield partial
            settle(partial, path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)  # also where both were names of one file, which a rename leaves alone


@contextlib.contextmanager
def whole_folder(path: Path, partial: Path | None = None) -> Iterator[Path]:
    """Yield the path of a new folder to fill, which gets its name at the end, or is removed if anything is raised.

    Args:
        path: the folder. An earlier one, or a link, stays until the new one is whole, and is removed then.
        partial: its name until then, on the same file system; None: see `partial_of`. What has this name is removed.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
        InputError: another process is filling the same folder.
    """
    partial = partial or partial_of(path)
    if partial.is_dir() and not partial.is_symlink():
        with _alone(path, partial):
            remove(partial)
    else:
        remove(partial)
    partial.mkdir()
    with _alone(path, partial):
        try:
            yield partial
            _sync_all(partial)
            _replace_folder(partial, path)
        except BaseException:
            with contextlib.suppress(OSError):
                remove(partial)
            raise


@contextlib.contextmanager
def _alone(path: Path, partial: Path) -> Iterator[None]:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(locked(partial))
        except BlockingIOError as error:
            raise InputError(f"Another process is writing {path}: wait for its end, or give another name.") from error
        yield


def settle(partial: Path, path: Path) -> None:
    """Give a finished file its name once its bytes are on the disk, so that a power cut leaves no empty file.

    Args:
        partial: written and closed; a file. It takes the place of `path`.
        path: its name from then on, on the same file system.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    _sync_file(partial)
    os.replace(partial, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; without effect where folders cannot be synced (Windows, some mounts)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all; nothing is left behind on a full disk.

    Raises:
        OSError: the disk is full, or the folder is closed to the user.
    """
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there; a folder first loses its name, so that no half of it looks whole.

    A link is removed itself, not what it points to.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    doomed = _doomed(path)
    path.rename(doomed / path.name)
    shutil.rmtree(doomed)


def _doomed(path: Path) -> Path:
    """A new folder beside a folder, for the folder to lie in until it is removed."""
    return Path(tempfile.mkdtemp(prefix=f"{path.name}.removed.", suffix=".partial", dir=path.parent))


def _replace_folder(partial: Path, path: Path) -> None:
    if not path.is_symlink() and not path.exists():
        partial.rename(path)
        sync_folder(path.parent)
        return
    doomed = _doomed(path)
    path.rename(doomed / path.name)
    try:
        partial.rename(path)
    except BaseException:
        (doomed / path.name).rename(path)
        doomed.rmdir()
        raise
    sync_folder(path.parent)
    shutil.rmtree(doomed)


def _sync_all(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync_file(Path(place, name))
        sync_folder(Path(place))


def _sync_file(path: Path) -> None:
    with open(path, "rb+") as file:  # some systems sync only what is open for writing
        os.fsync(file.fileno())
