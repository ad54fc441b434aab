"""In which split each specimen of a study is."""

from __future__ import annotations

from pathlib import Path

from bundle.shared.table.spreadsheet import Line
from scripts.data.datalist.file import SPLITS
from scripts.errors import InputError

SHARES = {"training": 9 / 14, "validation": 2 / 14, "test": 3 / 14}


def splits_of(path: Path, lines: list[Line]) -> dict[str, str]:
    """The split of each specimen, as the table says, or shared out in the order of the rows where it says nothing.

    Args:
        path: of the table, for messages.
        lines: of the table.

    Raises:
        InputError: see `said_splits`; too few specimens.
    """
    return said_splits(path, lines) or _shared_out(path, list(dict.fromkeys(line.cells["specimen"] for line in lines)))


def said_splits(path: Path, lines: list[Line]) -> dict[str, str]:
    """The split of each specimen as the table says; nothing where it says nothing.

    Args:
        path: of the table, for messages.
        lines: of the table.

    Raises:
        InputError: an unknown split; a specimen in two splits or two spellings; a split for some specimens only.
    """
    specimens = list(dict.fromkeys(line.cells["specimen"] for line in lines))
    spelt: dict[str, str] = {}
    for specimen in specimens:
        if spelt.setdefault(specimen.casefold(), specimen) != specimen:
            raise InputError(f"{path} spells a specimen {spelt[specimen.casefold()]} and {specimen}: decide for one.")
    said: dict[str, str] = {}
    for line in lines:
        specimen, split = line.cells["specimen"], line.cells.get("split", "").lower()
        if not split:
            continue
        if split not in SPLITS:
            raise InputError(f"Row {line.number} of {path} has the split {split!r}: give {', '.join(SPLITS)}.")
        if said.setdefault(specimen, split) != split:
            raise InputError(
                f"{path} has sections of {specimen} in {said[specimen]} and in {split}: a network that has seen a "
                "specimen knows its other sections; keep each in one split."
            )
    missing = [line for line in lines if said and line.cells["specimen"] not in said]
    if missing:
        raise InputError(
            f"Row {missing[0].number} of {path} gives no split for {missing[0].cells['specimen']}, and no other row "
            f"does: write {', '.join(SPLITS)} for each specimen, or leave the whole column empty."
        )
    return said


def shares_of(count: int) -> tuple[int, int, int]:
    """How many specimens, of at least three, are for training, validation and test."""
    test = max(1, round(count * SHARES["test"]))
    validation = max(1, round(count * SHARES["validation"]))
    return count - test - validation, validation, test


def _shared_out(path: Path, specimens: list[str]) -> dict[str, str]:
    if len(specimens) < len(SPLITS):
        raise InputError(
            f"{path} has {len(specimens)} specimens, too few for {', '.join(SPLITS)}: add some, or a column 'split'."
        )
    names = [split for split, number in zip(SPLITS, shares_of(len(specimens)), strict=True) for _ in range(number)]
    return dict(zip(specimens, names, strict=True))
