"""The folder of an unfinished staining: what may lie in it, and its removal, which touches nobody else's files."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from scripts.errors import InputError
from scripts.whole import partial_of

PLAN = "plan.json"  # written first and removed last: a folder without it is no staining
UNWRITTEN = partial_of(Path(PLAN)).name


def require_own(folder: Path, names: Collection[str]) -> None:
    """Refuse a folder that a staining has not made, or in which somebody else keeps files; without one, do nothing.

    Args:
        folder: of an unfinished staining.
        names: of all that a staining may write there, the plan left out.

    Raises:
        InputError: it is a link or a file; it has no plan; it holds other names, or links at any depth.
    """
    remedy = "move it elsewhere or give another --output_dir"
    if folder.is_symlink():
        raise InputError(f"{folder} is a link, which is not followed: {remedy}.")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder} is a file, but a staining keeps a folder there: {remedy}.")
    own = {*names, PLAN, UNWRITTEN}
    found = sorted(entry.name for entry in folder.iterdir())
    if PLAN not in found and found not in ([], [UNWRITTEN]):
        raise InputError(f"{folder} has no {PLAN}, so it is not known to be an unfinished staining: {remedy}.")
    foreign = [name for name in found if name not in own]
    if foreign:
        raise InputError(f"{folder} holds {foreign[0]}, which no staining has written: move {foreign[0]} elsewhere.")
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                raise InputError(f"{path} is a link, which no staining has made: remove the link.")


def clear(folder: Path, names: Collection[str]) -> None:
    """Remove what a staining wrote, the plan last, so that a removal that is cut off is known for one."""
    for entry in list(folder.iterdir()):
        if entry.name in names:
            delete(entry)
    for name in (UNWRITTEN, PLAN):
        (folder / name).unlink(missing_ok=True)


def discard(folder: Path, names: Collection[str]) -> None:
    """Remove a staining's folder; where somebody has put other files into it, these stay in the folder."""
    clear(folder, names)
    with contextlib.suppress(OSError):
        folder.rmdir()


def delete(path: Path) -> None:
    """Remove a file, a link itself, or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
