"""Which pairs were used: digests of their files, their window and pixel size."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from scripts.files.digest import file_digest, source_digest

FILES = {"image": "ct", "label": "histology", "mask": "mask", "labels": "labels"}  # by the keys of an item
FACTS = ("specimen", "ct_window", "pixel_um")
THREADS = 4  # a digest is computed without Python's lock

Items = Sequence[Mapping[str, Any]]


def describe_datalist(dataset_dir: str | os.PathLike[str]) -> dict[str, str | None]:
    """``path`` and ``sha256`` of a folder's data list; None where there is none, since a program lists its own items.

    Raises:
        OSError: the list cannot be read.
    """
    path = Path(dataset_dir) / "datalist.json"
    found = path.is_file()
    return {"path": str(path) if found else None, "sha256": file_digest(path) if found else None}


def describe_pairs(splits: Mapping[str, Items], dataset_dir: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """Of each pair ``split``, ``specimen``, ``ct_window``, ``pixel_um``, and its files with their digests.

    A file that was digested before in this process is not read again.

    Args:
        splits: items as of `load_datalist`, by the split they belong to.
        dataset_dir: folder that paths are relative to, of the files within it.

    Returns:
        Files are ``ct``, ``histology``, ``mask`` and ``labels``, their digests ``ct_sha256`` and so on.

    Raises:
        OSError: a file cannot be read.
    """
    folder = Path(os.path.abspath(dataset_dir))
    items = [(split, item) for split, listed in splits.items() for item in listed]
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(lambda each: _describe(each[0], each[1], folder), items))


def identity_of(pairs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What of pairs decides a result: all but where their files lie."""
    return [{name: value for name, value in pair.items() if name not in FILES.values()} for pair in pairs]


def _describe(split: str, item: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = {"split": split, **{name: _fact(item.get(name)) for name in FACTS}}
    for key, name in FILES.items():
        if isinstance(item.get(key), str | os.PathLike):
            said[name] = _relative(str(item[key]), folder)
            said[f"{name}_sha256"] = source_digest(str(item[key]))
    return said


def _fact(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    return [float(number) for number in value] if hasattr(value, "__iter__") else float(value)


def _relative(path: str, folder: Path) -> str:
    try:
        return Path(path).relative_to(folder).as_posix()
    except ValueError:
        return path
