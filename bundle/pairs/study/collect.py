"""A study to a data set that training accepts: registers what is not registered, goes on where it was stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bundle.pairs.options import Options
from bundle.pairs.study.datalist import datalist_of
from bundle.pairs.study.normalise_dye import normalise_dye
from bundle.pairs.study.outcome import Outcome
from bundle.pairs.study.summary.page import summary_of
from bundle.pairs.study.table.row import Row
from bundle.pairs.study.windows import windows_of
from bundle.pairs.study.workers import make_all
from scripts.errors import InputError
from scripts.files.output_folder import writable_folder
from scripts.lock import lock_folder
from scripts.whole import remove, write_text

PAIRS = "pairs"
SUMMARY = "summary.html"


def collect(rows: list[Row], out: Path, options: Options, jobs: int = 1, normalise: bool = False) -> Iterator[Outcome]:
    """Register all rows, tell each outcome as it comes, and write ``datalist.json`` and the summary at the end.

    Args:
        rows: of the study.
        out: folder of the data set.
        options: of all rows, besides what a row says of itself.
        jobs: sections at a time, each in a process of its own.
        normalise: whether sections are written as if they were all dyed alike, see `normalise_dye`.

    Raises:
        InputError: nothing could be used; the disk or the memory is full; another process collects into the folder.
    """
    writable_folder(out / PAIRS, "--out")
    try:
        lock = lock_folder(out)
    except BlockingIOError as error:
        raise InputError(f"Another process collects into {out}: wait for it, or give another --out.") from error
    try:
        remove(out / "datalist.json")  # what it says would not be true any more
        yield from _collect(rows, out, options, jobs, normalise)
    finally:
        if lock is not None:
            os.close(lock)


def _collect(rows: list[Row], out: Path, options: Options, jobs: int, normalise: bool) -> Iterator[Outcome]:
    outcomes: dict[str, Outcome] = {}
    windowed, windowless = _with_windows([replace(row, ct_window=row.ct_window or options.ct_window) for row in rows])
    for outcome in windowless:
        outcomes[outcome.row.name] = outcome
        yield outcome
    for outcome in make_all(windowed, out / PAIRS, options, jobs):
        outcomes[outcome.row.name] = outcome
        yield outcome
    in_order = [outcomes[row.name] for row in rows]
    if normalise:
        in_order = _normalised(in_order, out)
    write_text(out / SUMMARY, summary_of(in_order, PAIRS))
    write_text(out / "datalist.json", json.dumps(datalist_of(in_order, PAIRS), indent=2) + "\n")


def _with_windows(rows: list[Row]) -> tuple[list[Row], list[Outcome]]:
    """The rows with the windows found in their specimens' slices, and the outcomes of those where none was found."""
    windows, mistakes = windows_of([row for row in rows if not isinstance(row.ct_window, tuple)])
    found: list[Row] = []
    without: list[Outcome] = []
    for row in rows:
        if row.ct is None or isinstance(row.ct_window, tuple):
            found.append(row)
        elif row.specimen in mistakes:
            without.append(Outcome(row, None, mistakes[row.specimen]))
        else:
            found.append(replace(row, window_found=windows[row.specimen]))
    return found, without


def _normalised(outcomes: list[Outcome], out: Path) -> list[Outcome]:
    usable = {outcome.row.name: outcome.row for outcome in outcomes if outcome.usable}
    training = [name for name, row in usable.items() if row.split == "training"]
    found = normalise_dye({name: out / PAIRS / name for name in usable}, training)
    strengths = {name: tuple(map(float, strength)) for name, strength in found.items()}
    return [replace(outcome, strength=strengths.get(outcome.row.name)) for outcome in outcomes]
