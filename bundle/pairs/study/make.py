"""One row of a study to a pair, made now or before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bundle.pairs.options import Options
from bundle.pairs.pair_files import CT, HISTOLOGY, MASK, REPORT, WORK
from bundle.pairs.registration.elsewhere import check_pair
from bundle.pairs.registration.register import register
from bundle.pairs.study.outcome import Outcome
from bundle.pairs.study.table.row import FILES, Row
from scripts.errors import InputError, find_input_error
from scripts.files.output_folder import writable_folder
from scripts.volume.read.reader import open_volume
from scripts.whole import write_text


def make(row: Row, pairs: Path, options: Options) -> Outcome:
    """Make the pair of a row.

    A mistake in the row's files ends the row, not the study.

    Args:
        row: of the study.
        pairs: folder of the pairs.
        options: of all rows, besides what a row says of itself.

    Raises:
        InputError: the disk or the memory is full.
    """
    try:
        report = _registered(row, pairs / row.name, options)
    except MemoryError as error:
        raise InputError(
            f"Memory ran out while {row.name} was registered: give fewer --jobs, or bin the scan."
        ) from error
    except Exception as error:
        mistake = find_input_error(error)
        if mistake is None or isinstance(error, OSError):
            raise
        writable_folder(pairs, "--out")  # a full disk is not this row's fault
        return Outcome(row, None, str(mistake))
    write_text(pairs / row.name / WORK, json.dumps(identity(row, options), indent=2) + "\n")
    return Outcome(row, report)


def _registered(row: Row, folder: Path, options: Options) -> dict[str, Any]:
    """Write the pair and return its report."""
    if row.ct is not None and row.histology is not None:
        size = row.pixel_um or row.voxel_um or options.pixel_um or options.voxel_um  # CT and section have the same
        return check_pair(row.ct, row.histology, folder, row.ct_window, size, row.mask, row.window_found)
    if row.slide is None or row.volume is None:
        raise ValueError(f"{row.name} has neither a slide and a volume, nor a registered pair")
    own = replace(
        options,
        plane=row.plane or options.plane,
        landmarks=row.landmarks,
        pixel_um=row.pixel_um or options.pixel_um,
        voxel_um=row.voxel_um or options.voxel_um,
        ct_window=row.ct_window,
        mask=row.mask,
    )
    return register(row.slide, row.volume, folder, own)


def made_before(row: Row, pairs: Path, options: Options) -> dict[str, Any] | None:
    """The report of a pair that is whole and was made of the same files with the same options, else None.

    Raises:
        InputError: the row's scan cannot be opened.
    """
    folder, wanted = pairs / row.name, identity(row, options)
    if not all((folder / name).is_file() for name in (CT, HISTOLOGY, MASK)):
        return None
    try:
        if json.loads((folder / WORK).read_text(encoding="utf-8")) != wanted:
            return None
        return dict(json.loads((folder / REPORT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def identity(row: Row, options: Options) -> dict[str, Any]:
    """What decides a pair: the row, the options, and how large and how old its files are; not where the study lies."""
    said = asdict(replace(row, split=""))
    said |= {name: Path(said[name]).name for name in FILES if said[name] is not None}
    content: dict[str, Any] = {"row": said, "options": asdict(options)}
    paths = [Path(name) for name in (row.slide, row.ct, row.histology, row.landmarks, row.mask) if name is not None]
    if row.volume is not None:
        with open_volume(row.volume) as volume:
            paths += volume.files
    found = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    states = sorted((file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in found)
    content["files"] = hashlib.sha256(json.dumps(states).encode()).hexdigest()
    return dict(json.loads(json.dumps(content)))
