"""A table to pairs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bundle.data.listing.listed import Listed
from bundle.data.listing.names import Name, name_of
from bundle.data.listing.specimens import specimens_of
from bundle.shared.table.cells import number_in, refuse_missing_files
from bundle.shared.table.splits import said_splits
from bundle.shared.table.spreadsheet import Line, read_table
from scripts.data.datalist.listed import listed_path
from scripts.data.given_window import given_or_none
from scripts.data.image.lengths import COARSEST_UM, FINEST_UM, is_pixel_size
from scripts.errors import InputError

logger = logging.getLogger(__name__)

#: What a column may be called; blanks, "-" and "." in a name count as "_".
COLUMNS = {
    "ct": ("ct", "ct_slice", "micro_ct", "microct", "image", "scan", "slice"),
    "histology": ("histology", "section", "stain", "stained", "label", "he", "histo", "slide"),
    "specimen": ("specimen", "sample", "probe", "animal", "block", "specimen_id", "sample_id"),
    "split": ("split", "set", "subset"),
    "mask": ("mask",),
    "pixel_um": ("pixel_um", "voxel_um", "pixel_size_um", "voxel_size_um", "pixel_size", "voxel_size"),
    "ct_window": ("ct_window", "window"),
}


def list_table(path: Path, pattern: str | None = None) -> list[Listed]:
    """The pairs of a table, CSV with a row for each; its columns may stand in any order, beside others.

    Args:
        path: of the table, in whose folder paths begin.
        pattern: see `specimens_of`; where the table has no column for specimens, names tell them.

    Raises:
        InputError: no such file; columns that are missing; empty cells; missing files, all of them named; a specimen in
            two splits; several windows of a specimen; a pixel size that is none.
    """
    header, lines = read_table(path)
    columns = _columns(path, header)
    lines = [Line(line.number, {name: line.cells[column] for name, column in columns.items()}) for line in lines]
    if not lines:
        raise InputError(f"{path} lists no pair: add a row for each.")
    _refuse_empty(path, lines)
    refuse_missing_files(path, lines, ("ct", "histology", "mask"))
    names = _unlike([_name(line) for line in lines], lines)
    if "specimen" not in columns or pattern is not None:
        for line, specimen in zip(lines, specimens_of(names, pattern), strict=True):
            line.cells["specimen"] = specimen
    splits = said_splits(path, lines)
    pairs = [_pair(path, line, name, splits) for line, name in zip(lines, names, strict=True)]
    _check_windows(path, pairs)
    return pairs


def _columns(path: Path, header: Sequence[str]) -> dict[str, str]:
    """Name of each column that is known in the table."""
    plain = {name: "_".join(name.replace("-", " ").replace(".", " ").replace("_", " ").split()) for name in header}
    found: dict[str, str] = {}
    for known, others in COLUMNS.items():
        column = next((name for other in others for name in header if plain[name] == other), None)
        if column is not None:
            found[known] = column
    missing = [name for name in ("ct", "histology") if name not in found]
    if missing:
        raise InputError(
            f"{path} has no column {' and no column '.join(missing)}, but {', '.join(header) or 'nothing'}: name the "
            "columns in the first row, such as ct,histology,specimen."
        )
    left_out = [name for name in header if name not in found.values()]
    if left_out:
        logger.warning("%s: the columns %s are not known and left out.", path, ", ".join(left_out))
    return found


def _refuse_empty(path: Path, lines: Sequence[Line]) -> None:
    empty = [
        f"{name} in row {line.number}"
        for line in lines
        for name in ("ct", "histology", "specimen")
        if line.cells.get(name, "?") == ""
    ]
    if empty:
        raise InputError(f"{path} has empty cells: {', '.join(empty[:10])}. Fill them, or remove the rows.")


def _name(line: Line) -> Name:
    file = Path(line.cells["ct"].replace("\\", "/"))
    return name_of(file, Path(file.anchor))


def _unlike(names: Sequence[Name], lines: Sequence[Line]) -> list[Name]:
    """Names of which none comes twice."""
    counts = Counter(name.label for name in names)
    return [
        name if counts[name.label] == 1 else replace(name, label=f"{name.label} (row {line.number})")
        for name, line in zip(names, lines, strict=True)
    ]


def _pair(path: Path, line: Line, name: Name, splits: dict[str, str]) -> Listed:
    where, cells = f"Row {line.number} of {path}", line.cells
    files = {
        key: listed_path(path.parent, cells[key], f"{where}: {key}")
        for key in ("ct", "histology", "mask")
        if cells.get(key)
    }
    size = number_in(where, cells, "pixel_um")
    if size is not None and not is_pixel_size(size):
        raise InputError(f"{where}: pixel_um is {size:g}, expected {FINEST_UM:g} to {COARSEST_UM:g} micrometres.")
    return Listed(
        name=name.label,
        ct=files["ct"],
        section=files["histology"],
        specimen=cells["specimen"],
        split=splits.get(cells["specimen"], ""),
        mask=files.get("mask"),
        pixel_um=size,
        ct_window=given_or_none(cells.get("ct_window") or None, where),
    )


def _check_windows(path: Path, pairs: Sequence[Listed]) -> None:
    given: dict[str, tuple[float, float] | str | None] = {}
    for pair in pairs:
        if given.setdefault(pair.specimen, pair.ct_window) != pair.ct_window:
            raise InputError(
                f"{path} has several ct_window for {pair.specimen}, or not for all its slices: give one for all."
            )
