"""The file of a data list: where it lies, and what its JSON says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from scripts.errors import InputError

SPLITS = ("training", "validation", "test")
NAME = "datalist.json"
PAIR = '{"ct": "ct/a1.tif", "histology": "he/a1.png", "specimen": "a"}'
FORM = f'{{"training": [{PAIR}], "validation": [...], "test": [...]}} (see docs/README.md)'
PHANTOM = (
    "In the source repository `python -m bundle data` writes it from two folders of images, and "
    "`python -m bundle phantom` makes a synthetic data set."
)
LARGEST = 2**28  # bytes; about a million pairs

#: How other programs call the splits.
SPELT = {split: split for split in SPLITS} | {
    "train": "training",
    "val": "validation",
    "valid": "validation",
    "validate": "validation",
    "testing": "test",
}

#: What a folder holds that other programs trained with, and what their pairs become.
FOREIGN = {
    "trainA": 'It is a data set of pytorch-CycleGAN-and-pix2pix: list CT images as "ct", sections as "histology"',
    "train": 'If its images hold CT and section side by side, cut each into two files, for "ct" and "histology"',
    "imagesTr": 'It is a data set of nnU-Net: list CT images as "ct", sections as "histology"',
    "dataset.json": f'Its dataset.json is of another program: copy its pairs into {NAME}, and add the key "specimen"',
}

#: By what stands where the reading stopped: why it did.
CAUSES = (
    ("'", "write double quotes, JSON knows no single ones"),
    (("/", "#"), "take the comment out, JSON knows none"),
    (("]", "}"), "a comma before a closing bracket is too much"),
    ("\\", r"write / in paths, JSON reads the backslash of a Windows path as a sign of its own"),
    (("None", "True", "False"), "write null, true and false as JSON does"),
)


def find_list(folder: Path) -> Path:
    """Path of a folder's data list.

    Raises:
        InputError: there is no such folder, or it holds none; the message says how to write one.
    """
    if folder.is_file():
        raise InputError(f"{folder} is a file: give --dataset_dir the folder of {NAME}, here {folder.parent}.")
    if not folder.is_dir():
        raise InputError(
            f"The data folder {folder} does not exist: give --dataset_dir the folder of your {NAME}. {PHANTOM}"
        )
    path = folder / NAME
    if path.is_file():
        return path
    foreign = next((f"{said}. " for name, said in FOREIGN.items() if (folder / name).exists()), "")
    raise InputError(
        f"The data folder {folder} has no {NAME}: give another --dataset_dir, or write the list: {FORM}. "
        f"{foreign}{PHANTOM}"
    )


def parse_list(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Splits of a data list, in UTF-8 or, with a mark at its beginning, UTF-16.

    Raises:
        InputError: it cannot be opened, is too large, no JSON, or names a key twice; it has none of the splits, or one
            that is no list of objects.
    """
    content = read_list(path)
    if isinstance(content, dict):
        _refuse_misspelt(content, path)
    if not isinstance(content, dict) or not any(split in content for split in SPLITS):
        raise InputError(f"{path} has none of the keys {', '.join(SPLITS)}: write {FORM}.")
    splits = {split: content[split] for split in SPLITS if split in content}
    for split, items in splits.items():
        _require_pairs(items, split, path)
    return splits


def read_list(path: Path) -> Any:
    """All that a data list holds, as JSON gives it.

    Raises:
        InputError: it is too large, no JSON, or names a key twice.
    """
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path} has {path.stat().st_size / 1e6:.0f} MB, too much for a data list: check the file.")
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_without_doubles)
    except JSONDecodeError as error:
        raise InputError(
            f"{path} is not valid JSON in line {error.lineno}, column {error.colno}: {_cause(error)}."
        ) from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"{path} is not valid JSON, line {line} is not in UTF-8: save it again as UTF-8.") from error
    except RecursionError as error:
        raise InputError(f"{path} nests too many brackets: list the pairs as {{...}} in one [...].") from error
    except _Doubled as error:
        raise InputError(f"{path} has the key {error} twice in one object: keep one.") from error
    except ValueError as error:  # such as a number of thousands of digits
        raise InputError(f"{path} is not valid JSON ({error}): correct it.") from error


def _refuse_misspelt(content: Mapping[str, Any], path: Path) -> None:
    for key in content:
        meant = SPELT.get(key.strip().lower())
        if meant and key not in SPLITS:
            raise InputError(f"{path} has the key {key!r}: write {meant!r}.")


def _require_pairs(items: Any, split: str, path: Path) -> None:
    if not isinstance(items, list):
        raise InputError(f"{split!r} in {path} is not a list of pairs: write [{PAIR}].")
    wrong = next((number for number, item in enumerate(items, 1) if not isinstance(item, dict)), None)
    if wrong is not None:
        raise InputError(f"Item {wrong} of {split!r} in {path} is not a pair: write {PAIR}.")


class _Doubled(ValueError):
    """A key that comes twice."""


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Python would keep the last of two, and a split would be lost."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Doubled(repr(next(name for name in names if names.count(name) > 1)))
    return entries


def _cause(error: JSONDecodeError) -> str:
    rest = error.doc[error.pos :]
    if not error.doc.strip():
        return "the file is empty"
    if error.msg.startswith("Invalid \\"):
        rest = "\\"
    elif error.msg.startswith("Expecting ',' delimiter") and rest:
        return "a comma or a closing bracket is missing before this place"
    elif error.msg.startswith("Illegal trailing comma"):  # Python 3.13 stops at the comma
        rest = "}"
    if not rest:
        return "the file ends too early, a closing bracket is missing"
    return next((said for signs, said in CAUSES if rest.startswith(signs)), f"{error.msg}: correct it")
