"""The table of a study: which section belongs to which scan and specimen."""

from __future__ import annotations

import difflib
import logging
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from bundle.pairs.spreadsheet import Line, read_table
from scripts.data.datalist.file import SPLITS
from scripts.data.datalist.listed import listed_path, nearby, refuse_missing
from scripts.errors import InputError
from scripts.volume.read.hdf5.volume import split_source

logger = logging.getLogger(__name__)

COLUMNS = (
    "specimen",
    "split",
    "slide",
    "volume",
    "plane",
    "landmarks",
    "ct",
    "histology",
    "pixel_um",
    "voxel_um",
    "ct_window",
    "mask",
)
FILES = ("slide", "volume", "ct", "histology", "landmarks", "mask")  # columns that name one
SUFFIXES = re.compile(r"(\.ome)?\.(tiff?|svs|ndpi|scn|mrxs|vms|vmu|bif|svslide|png|jpe?g|nii(\.gz)?)$", re.IGNORECASE)
SHARES = {"training": 9 / 14, "validation": 2 / 14, "test": 3 / 14}


@dataclass(frozen=True)
class Row:
    """One section.

    Attributes:
        name: of its pair's folder.
        specimen: whose section.
        split: "training", "validation" or "test".
        slide: file, None for a pair that is registered already.
        volume: its scan, likewise.
        ct: grey image of a registered pair, else None.
        histology: its section.
        plane: guess ``z0,nx,ny,nz``.
        landmarks: file.
        pixel_um: of the slide, if its file is not to be believed.
        voxel_um: of the scan, likewise.
        ct_window: grey values (lo, hi) that become black and white, None where nobody gave them.
        window_found: the same as found in the specimen's registered slices.
        mask: image, 0 where the section is not to be used.
    """

    name: str
    specimen: str
    split: str
    slide: str | None = None
    volume: str | None = None
    ct: str | None = None
    histology: str | None = None
    plane: str | None = None
    landmarks: str | None = None
    pixel_um: float | None = None
    voxel_um: float | None = None
    ct_window: tuple[float, float] | None = None
    window_found: tuple[float, float] | None = None
    mask: str | None = None


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
    _check_columns(path, header)
    if not lines:
        raise InputError(f"{path} lists no section: add a row for each.")
    splits = _splits(path, lines)
    _refuse_missing_files(path, lines)
    rows = [_row(path, line, splits) for line in lines]
    _check_files(path, rows)
    if len({row.name for row in rows}) < len(rows):  # such as S01/HE.svs, S02/HE.svs
        rows = [replace(row, name=_safe(f"{row.specimen}_{row.name}")) for row in rows]
    _check_windows(path, rows)
    names = [row.name for row in rows]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{path} lists {twice} twice: a section belongs there once, and file names must differ.")
    return rows


def _check_columns(path: Path, header: list[str]) -> None:
    """Columns of a laboratory's own are left out; those that look like a misspelt one are not."""
    unknown = [name for name in header if name not in COLUMNS]
    for name in unknown:
        meant = difflib.get_close_matches(name.replace(" ", "_"), COLUMNS, n=1, cutoff=0.8)
        if meant and meant[0] not in header:
            raise InputError(f"{path} has the column {name!r}, which is not known: did you mean {meant[0]!r}?")
    if "specimen" not in header:
        first = ", ".join(header) or "nothing"
        raise InputError(
            f"{path} has no column 'specimen', its first row holds {first}: name the columns there, such as "
            "specimen,slide,volume."
        )
    if not {"slide", "volume"} <= set(header) and not {"ct", "histology"} <= set(header):
        raise InputError(
            f"{path} has neither the columns slide and volume, nor ct and histology, but {', '.join(header)}: add two."
        )
    if unknown:
        logger.warning("%s: the columns %s are not known and left out.", path, ", ".join(unknown))


def _refuse_missing_files(path: Path, lines: list[Line]) -> None:
    missing = []
    for line in lines:
        for name in FILES:
            text = line.cells.get(name)
            if text:
                file = listed_path(path.parent, str(split_source(text)[0]), f"Row {line.number} of {path}: {name}")
                if not file.exists():
                    missing.append(f"the {name} {file} (row {line.number}){nearby(file, text)}")
    refuse_missing(missing, str(path), path.parent.resolve())


def _check_windows(path: Path, rows: list[Row]) -> None:
    given: dict[str, tuple[float, float] | None] = {}
    for row in rows:
        if given.setdefault(row.specimen, row.ct_window) != row.ct_window:
            raise InputError(
                f"{path} has several ct_window for {row.specimen}, or not for all its sections: grey values of a "
                "specimen mean the same in all of them, give one."
            )


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


def _splits(path: Path, lines: list[Line]) -> dict[str, str]:
    """The split of each specimen."""
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
    if not said:
        return _shared_out(path, specimens)
    missing = [line for line in lines if line.cells["specimen"] not in said]
    if missing:
        raise InputError(
            f"Row {missing[0].number} of {path} gives no split for {missing[0].cells['specimen']}, and no other row "
            f"does: write {', '.join(SPLITS)} for each specimen, or leave the whole column empty."
        )
    return said


def _shared_out(path: Path, specimens: list[str]) -> dict[str, str]:
    if len(specimens) < len(SPLITS):
        raise InputError(
            f"{path} has {len(specimens)} specimens, too few for {', '.join(SPLITS)}: add some, or a column 'split'."
        )
    test = max(1, round(len(specimens) * SHARES["test"]))
    validation = max(1, round(len(specimens) * SHARES["validation"]))
    training = len(specimens) - test - validation
    names = ["training"] * training + ["validation"] * validation + ["test"] * test
    return dict(zip(specimens, names, strict=True))


def _row(path: Path, of_table: Line, splits: dict[str, str]) -> Row:
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
        name=_safe(SUFFIXES.sub("", section.name)),
        specimen=line["specimen"],
        split=splits[line["specimen"]],
        plane=line.get("plane") or None,
        pixel_um=_number(where, line, "pixel_um"),
        voxel_um=_number(where, line, "voxel_um"),
        ct_window=_window(where, line.get("ct_window", "")),
        window_found=None,
        **paths,
    )


def _safe(name: str) -> str:
    """A name that is a folder's and no path, on any system."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]|^\.+', "_", name)


def _resolved(path: Path, where: str, name: str, text: str) -> str:
    file, inside = split_source(text)
    full = listed_path(path.parent, str(file), f"{where}: {name}")
    if (name not in ("volume", "slide") and not full.is_file()) or full == path.parent.resolve():
        raise InputError(f"{where}: the {name} {full} is no file: give the path of a file.")
    return str(full) if inside is None else f"{full}:{inside}"


def _number(where: str, line: dict[str, str], name: str) -> float | None:
    text = line.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise InputError(f"{where}: {name} is {text!r}, give micrometres.")
    return value


def _window(where: str, text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        lo, hi = (float(word) for word in text.replace(";", " ").split())
    except ValueError:
        lo = hi = 0.0
    if not -math.inf < lo < hi < math.inf:
        raise InputError(f"{where}: ct_window is {text!r}, give two numbers such as '5000 35000'.")
    return lo, hi
