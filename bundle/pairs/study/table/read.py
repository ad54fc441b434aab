"""The table of a study: which section belongs to which scan and specimen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bundle.pairs.study.table.cells import row_of
from bundle.pairs.study.table.columns import check_columns
from bundle.pairs.study.table.row import FILES, Row
from bundle.shared.table.cells import refuse_missing_files, safe_name
from bundle.shared.table.splits import splits_of
from bundle.shared.table.spreadsheet import read_table
from scripts.errors import InputError


def read_study(path: Path) -> list[Row]:
    """Read and check a study's table, CSV with a row for each section.

    Columns: ``specimen`` and either ``slide`` and ``volume`` or, for pairs that are registered already, ``ct`` and
    ``histology``; and where wanted ``split``, ``plane``, ``landmarks``, ``pixel_um``, ``voxel_um``, ``ct_window``
    (``lo hi``), ``mask``. Paths are relative to the table's folder. Without ``split`` specimens are shared out in the
    order of their first sections.

    Raises:
        InputError: no such file; misspelt columns; empty cells; missing files, all of them named; a specimen in two
            splits; a section that comes twice.
    """
    path = path / "study.csv" if path.is_dir() else path
    header, lines = read_table(path)
    check_columns(path, header)
    if not lines:
        raise InputError(f"{path} lists no section: add a row for each.")
    splits = splits_of(path, lines)
    refuse_missing_files(path, lines, FILES)
    rows = [row_of(path, line, splits) for line in lines]
    _check_files(path, rows)
    if len({row.name for row in rows}) < len(rows):  # such as S01/HE.svs, S02/HE.svs
        rows = [replace(row, name=safe_name(f"{row.specimen}_{row.name}")) for row in rows]
    _check_windows(path, rows)
    names = [row.name for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path} lists {twice} twice: a section belongs there once, and file names must differ.")
    return rows


def _check_files(path: Path, rows: list[Row]) -> None:
    """No section comes twice, and none of a split shows a block that another split knows."""
    sections: dict[str, Row] = {}
    scans: dict[str, Row] = {}
    for row in rows:
        for file in (row.slide, row.histology):
            if file is not None and sections.setdefault(file, row) is not row:
                raise InputError(f"{path} lists {file} twice: a section belongs there once.")
        for file in (row.volume, row.ct):
            if file is not None and scans.setdefault(file, row).split != row.split:
                raise InputError(
                    f"{path} has {file} in {scans[file].split} and in {row.split}: a network that has seen a block "
                    "knows all of it; keep it in one split."
                )


def _check_windows(path: Path, rows: list[Row]) -> None:
    given: dict[str, tuple[float, float] | str | None] = {}
    for row in rows:
        if given.setdefault(row.specimen, row.ct_window) != row.ct_window:
            raise InputError(
                f"{path} has several ct_window for {row.specimen}, or not for all its sections: grey values of a "
                "specimen mean the same in all of them, give one."
            )
