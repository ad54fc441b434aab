"""A line of a study's table, its cells checked."""

from __future__ import annotations

import re
from pathlib import Path

from bundle.pairs.study.table.row import Row
from bundle.shared.table.cells import number_in, safe_name
from bundle.shared.table.spreadsheet import Line
from scripts.data.datalist.listed import listed_path
from scripts.data.given_window import given_or_none
from scripts.errors import InputError
from scripts.volume.read.hdf5.volume import split_source

SUFFIXES = re.compile(r"(\.ome)?\.(tiff?|svs|ndpi|scn|mrxs|vms|vmu|bif|svslide|png|jpe?g|nii(\.gz)?)$", re.IGNORECASE)


def row_of(path: Path, of_table: Line, splits: dict[str, str]) -> Row:
    """The row that a line describes.

    Args:
        path: of the table.
        of_table: the line.
        splits: of each specimen.

    Raises:
        InputError: an empty cell, a file that is none, no number.
    """
    where, line = f"Row {of_table.number} of {path}", of_table.cells
    if not line["specimen"]:
        raise InputError(f"{where} names no specimen.")
    if (line.get("slide") or line.get("volume")) and (line.get("ct") or line.get("histology")):
        raise InputError(f"{where} has slide or volume, and ct or histology: give the two of one kind.")
    two = ("slide", "volume") if line.get("slide") or line.get("volume") else ("ct", "histology")
    files = {name: line.get(name, "") for name in two}
    if not all(files.values()):
        raise InputError(f"{where} lacks slide and volume, or ct and histology of a registered pair.")
    files |= {name: line[name] for name in ("landmarks", "mask") if line.get(name)}
    paths = {name: _resolved(path, where, name, text) for name, text in files.items()}
    section = Path(files["slide" if "slide" in files else "histology"])
    return Row(
        name=safe_name(SUFFIXES.sub("", section.name)),
        specimen=line["specimen"],
        split=splits[line["specimen"]],
        slide=paths.get("slide"),
        volume=paths.get("volume"),
        ct=paths.get("ct"),
        histology=paths.get("histology"),
        plane=line.get("plane") or None,
        landmarks=paths.get("landmarks"),
        pixel_um=number_in(where, line, "pixel_um"),
        voxel_um=number_in(where, line, "voxel_um"),
        ct_window=given_or_none(line.get("ct_window") or None, where),
        mask=paths.get("mask"),
    )


def _resolved(path: Path, where: str, name: str, text: str) -> str:
    file, inside = split_source(text)
    full = listed_path(path.parent, str(file), f"{where}: {name}")
    if (name not in ("volume", "slide") and not full.is_file()) or full == path.parent.resolve():
        raise InputError(f"{where}: the {name} {full} is no file: give the path of a file.")
    return str(full) if inside is None else f"{full}:{inside}"
