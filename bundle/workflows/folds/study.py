"""The pairs of a study, and the data list of each fold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bundle.workflows.folds.design import Fold
from scripts.data.datalist.file import NAME, SPLITS, find_list, parse_list, read_list
from scripts.data.datalist.items import CT_KEYS, FILE_KEYS, STAIN_KEYS, check_leakage, resolve_items
from scripts.data.datalist.listed import listed_path
from scripts.data.datalist.pixel_size import fill_pixel_sizes
from scripts.data.datalist.working_size import working_size
from scripts.errors import InputError
from scripts.files.digest import file_digest
from scripts.whole import write_text

PATHS = {*CT_KEYS, *STAIN_KEYS, *FILE_KEYS}


@dataclass(frozen=True)
class Study:
    """Pairs that are dealt to folds.

    Attributes:
        path: of the data list.
        digest: SHA-256 of the data list.
        entries: of the pairs, as the list has them, with absolute paths.
        rest: of the list, such as ``synthetic``.
        working_um: pixel size that all folds work at, micrometres; None where nobody says.
    """

    path: Path
    digest: str
    entries: list[dict[str, Any]]
    rest: dict[str, Any]
    working_um: float | None

    @property
    def pairs(self) -> dict[str, int]:
        """Of each specimen."""
        return dict(Counter(str(entry["specimen"]) for entry in self.entries))


def read_study(dataset_dir: Path, splits: Sequence[str]) -> Study:
    """Read the pairs of some splits.

    Args:
        dataset_dir: folder with ``datalist.json``.
        splits: whose pairs are dealt to folds; those that the list has not are left out.

    Raises:
        InputError: the list cannot be used, see `load_datalist`; none of these splits has pairs.
    """
    path = find_list(dataset_dir)
    content = parse_list(path)
    check_leakage(content, path)
    entries, items = [], []
    for split in splits:
        raws = content.get(split, [])
        items += resolve_items(raws, split, path)  # says what is wrong with them
        entries += [_with_absolute_paths(raw, path) for raw in raws]
    if not entries:
        raise InputError(f"{path} has no pairs under {' or '.join(map(repr, splits))}: add some, or give --splits.")
    fill_pixel_sizes(items, path)
    rest = {name: value for name, value in read_list(path).items() if name not in SPLITS}
    return Study(path, file_digest(path), entries, rest, working_size(items))


def _with_absolute_paths(raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The fold's list lies elsewhere, and a relative path through ``..`` would break where a folder is a link."""
    paths = [name for name in raw if name in PATHS and isinstance(raw[name], str) and raw[name]]
    return {**raw, **{name: str(listed_path(path.parent, raw[name], name)) for name in paths}}


def write_fold(study: Study, fold: Fold, folder: Path) -> None:
    """Write the data list of a fold into a folder, which is made."""
    home = {name: "test" for name in fold.held_out}
    home |= {name: "validation" for name in fold.validation}
    home |= {name: "training" for name in fold.training}
    splits: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
    for entry in study.entries:
        splits[home[str(entry["specimen"])]].append(entry)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / NAME, json.dumps(study.rest | splits, indent=1) + "\n")
