"""Files that hold no weights of this bundle: what they are instead."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import torch

from scripts.files.content import content_of

SHARE = 0.1  # of the names, from which weights may be of a network of this bundle


def kind_of(path: Path, remedy: str) -> str | None:
    """Say what a file is that its first bytes show to hold no weights, and what to do; None for any other file.

    Args:
        path: the file.
        remedy: what to give instead, the end of a sentence.
    """
    content = content_of(path)
    if content == "empty":
        return f"{path} is empty: its copy or download did not finish. Copy it again, or {remedy}"
    if content == "Git LFS pointer":
        return f"{path} is a pointer of Git LFS, not the weights: run `git lfs pull` in its repository"
    if content == "web page":
        return f"{path} is a web page, not the weights: download the file itself"
    if content == "safetensors":
        return f"{path} is a file of safetensors: {remedy}"
    if content == "HDF5":
        return f"{path} is an HDF5 file, not written by torch.save: {remedy}"
    return None


def archive_kind_of(path: Path, remedy: str) -> str | None:
    """The same of a whole zip archive, by its entries.

    Raises:
        zipfile.BadZipFile: it is none.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.endswith("/constants.pkl") for name in names):
        named = "let its name end in .ts if it is an export of this bundle"
        return f"{path} is a TorchScript network: {named}, or {remedy}"
    if not any(name.endswith("/data.pkl") for name in names):
        return f"{path} is a zip archive that torch.save did not write: unpack it, and give the weights in it"
    return None


def unreadable(path: Path, error: Exception, remedy: str) -> str:
    """Say why torch does not read a file whose bytes are those that were written."""
    foreign = re.search(r"GLOBAL ([\w.]+)", str(error))
    if foreign is not None:
        return (
            f"{path} holds Python objects ({foreign[1]}), which run code as they are read, not tensors alone: "
            f"save the state_dict() of the network, or {remedy}"
        )
    return f"{path} is damaged, or torch.save did not write it: {remedy}"


def without_prefix(tensors: Mapping[str, torch.Tensor], expected: Collection[str]) -> Mapping[str, torch.Tensor]:
    """Take off a common prefix of all names, such as DataParallel's ``module.`` or that of ``torch.compile``.

    Args:
        tensors: by name.
        expected: names of the network's own state.

    Returns:
        `tensors` by the expected names; as they were where no prefix makes them these.
    """
    first = next(iter(expected), "")
    for name in tensors:
        if name.endswith(f".{first}"):
            prefix = name.removesuffix(first)
            if all(other.startswith(prefix) for other in tensors):
                return {other.removeprefix(prefix): value for other, value in tensors.items()}
    return tensors


def is_foreign(names: Collection[str], expected: Collection[str]) -> bool:
    """Whether weights are of another program: no window with them, and hardly a name that this network knows."""
    known = set(expected)
    return "ct_window" not in names and len(known.intersection(names)) < SHARE * len(known)
