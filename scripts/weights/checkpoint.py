"""Files of weights read and written: never half a file, never a damaged one, never code from a file."""

from __future__ import annotations

import errno
import logging
import os
import warnings
from pathlib import Path
from typing import Any

import torch

from scripts.errors import InputError
from scripts.files.seal import damage_of, is_archive, seal
from scripts.weights.finite import first_not_finite
from scripts.weights.foreign import archive_kind_of, kind_of, unreadable
from scripts.whole import whole_file, writing

logger = logging.getLogger(__name__)

MODEL = "give --checkpoint the model.pt that a training wrote"


def save_atomically(content: Any, path: str | os.PathLike[str]) -> None:
    """Write with `torch.save`, with a digest at the end (see `seal`): `path` is either the old file or the whole new
    one, whatever ends the process or the machine.

    Raises:
        InputError: the folder cannot be written.
        FloatingPointError: a tensor in it is not finite.
    """
    path = Path(path)
    name = first_not_finite(content)
    if name is not None:
        raise FloatingPointError(
            f"{path} is not written, since {name} is not finite: the training has diverged. "
            "Start anew with a lower --learning_rate."
        )
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            try:
                torch.save(content, partial)
            except RuntimeError as error:  # how torch reports a full disk
                raise OSError(errno.ENOSPC, "the disk is full, or fails") from error
            seal(partial)


def previous_of(path: Path) -> Path:
    """Where the predecessor of a training's checkpoint is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def read_checkpoint(
    path: str | os.PathLike[str], remedy: str = MODEL, if_damaged: str | None = None, what: str = "checkpoint"
) -> dict[str, Any]:
    """Read a file of `save_atomically` with ``weights_only=True``, once its bytes have proved to be those written.

    A file of the format that torch had before version 1.6 has no checksums: its damage goes unnoticed.

    Args:
        path: the file.
        remedy: what to do where it cannot be read, the end of a sentence.
        if_damaged: what to do where it is damaged; None: copy it again, or take its predecessor where there is one.
        what: what the file is to hold, in one word or two.

    Raises:
        InputError: the file is missing, damaged, or no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no {what} {path}{', which is a folder' * path.is_dir()}: {remedy}.")
    if if_damaged is None:
        other = f"give {previous_of(path)}" if previous_of(path).is_file() else remedy
        if_damaged = f"copy it again from where it came, or {other}"
    _check_file(path, remedy, if_damaged)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of other programs' files, about which the sentence says more
            content = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # torch raises half a dozen kinds for what is not a checkpoint
        raise InputError(f"{unreadable(path, error, remedy)}.") from error
    if not isinstance(content, dict) or not content:
        raise InputError(f"{path} holds no state dict: {remedy}.")
    return content


def read_checkpoint_or_previous(path: Path, remedy: str) -> tuple[dict[str, Any], Path]:
    """Read a training's checkpoint, or the one before it, with a line in the log, where it is missing or damaged.

    Args:
        path: of the newest one.
        remedy: what to do where neither can be read, the end of a sentence.

    Returns:
        What `read_checkpoint` does, and the file that it was read from.

    Raises:
        InputError: neither can be read.
    """
    previous = previous_of(path)
    try:
        return read_checkpoint(path, remedy, if_damaged=remedy), path
    except InputError as error:
        if not previous.is_file():
            raise
        how = "damaged" if path.is_file() else "missing"
        try:
            content = read_checkpoint(previous, remedy)
        except InputError:
            raise InputError(f"{path} is {how}, and {previous.name} beside it is damaged: {remedy}.") from error
    logger.warning("%s is %s: %s is taken, the checkpoint before it.", path, how, previous.name)
    return content, previous


def _check_file(path: Path, remedy: str, if_damaged: str) -> None:
    try:
        found = kind_of(path, remedy)
        if found is None and is_archive(path):
            damage = damage_of(path)
            if damage is not None:
                raise InputError(f"{path} is damaged ({damage}): {if_damaged}.")
            found = archive_kind_of(path, remedy)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error}): {remedy}.") from error
    if found is not None:
        raise InputError(f"{found}.")
