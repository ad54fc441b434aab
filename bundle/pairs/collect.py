"""A study to a data set that training accepts: registers what is not registered, goes on where it was stopped."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bundle.pairs import pair_files as files
from bundle.pairs.register import Options, register
from bundle.pairs.single import check_pair
from bundle.pairs.study import Row
from bundle.pairs.summary import write_summary
from scripts.data.datalist import SPLITS
from scripts.errors import InputError, find_input_error
from scripts.output_folder import writable_folder
from scripts.volume.reader import open_volume
from scripts.volume.staining import write_text
from scripts.volume.window import volume_window

PAIRS = "pairs"
WORK = "work.json"  # what a pair was made of
SUMMARY = "summary.html"


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        row: of the study.
        report: of its pair, None if there is none.
        mistake: why there is none.
        known: whether the pair was there already.
    """

    row: Row
    report: dict[str, Any] | None
    mistake: str | None = None
    known: bool = False


def collect(rows: list[Row], out: Path, options: Options, jobs: int = 1) -> Iterator[Outcome]:
    """Register all rows, tell each outcome as it comes, and write ``datalist.json`` and the summary at the end.

    Args:
        rows: of the study.
        out: folder of the data set.
        options: of all rows, besides what a row says of itself.
        jobs: sections at a time, each in a process of its own.

    Raises:
        InputError: nothing was registered; a split is left without pairs; the disk is full.
    """
    writable_folder(out / PAIRS)
    rows = _windowed(rows, options)
    outcomes: dict[str, Outcome] = {}
    for outcome in _made(rows, out, options, jobs):
        outcomes[outcome.row.name] = outcome
        yield outcome
    in_order = [outcomes[row.name] for row in rows]
    write_text(out / SUMMARY, write_summary(in_order, PAIRS))
    write_text(out / "datalist.json", json.dumps(_datalist(in_order), indent=2) + "\n")


def _windowed(rows: list[Row], options: Options) -> list[Row]:
    """Rows with a CT window: their own, the options', or that of their scan, which all sections of a scan share."""
    windows: dict[str, tuple[float, float]] = {}
    done = []
    for row in rows:
        if row.ct_window is None and options.ct_window is not None:
            row = replace(row, ct_window=options.ct_window)
        if row.ct_window is None and row.volume is not None:
            if row.volume not in windows:
                with open_volume(row.volume) as volume:
                    lo, hi, _ = volume_window(volume)
                windows[row.volume] = (lo, hi)
            row = replace(row, ct_window=windows[row.volume])
        done.append(row)
    return done


def _made(rows: list[Row], out: Path, options: Options, jobs: int) -> Iterable[Outcome]:
    open_ones = []
    for row in rows:
        report = _known(out / PAIRS / row.name, identity(row, options))
        if report is None:
            open_ones.append(row)
        else:
            yield Outcome(row, report, known=True)
    if jobs == 1:
        for row in open_ones:
            yield make(row, out, options)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), torch.set_num_threads, (threads,)) as pool:
        futures = [pool.submit(make, row, out, options) for row in open_ones]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def make(row: Row, out: Path, options: Options) -> Outcome:
    """Register one row.

    A mistake in its files ends this row, not the study; a disk that is full ends the study.
    """
    folder = out / PAIRS / row.name
    try:
        if row.ct is not None and row.histology is not None:
            report = check_pair(row.ct, row.histology, folder, row.ct_window, row.pixel_um)
        else:
            assert row.slide is not None and row.volume is not None  # `read_study` saw to it
            own = replace(
                options,
                plane=row.plane or options.plane,
                landmarks=row.landmarks,
                pixel_um=row.pixel_um or options.pixel_um,
                voxel_um=row.voxel_um or options.voxel_um,
                ct_window=row.ct_window,
            )
            report = register(row.slide, row.volume, folder, own)
    except Exception as error:
        mistake = find_input_error(error)
        if mistake is None or isinstance(error, OSError):
            raise
        return Outcome(row, None, str(mistake))
    write_text(folder / WORK, json.dumps(identity(row, options), indent=2) + "\n")
    return Outcome(row, report)


def identity(row: Row, options: Options) -> dict[str, Any]:
    """What decides a pair: the row, the options, and how large and how old its files are."""
    content: dict[str, Any] = {"row": asdict(replace(row, split="")), "options": asdict(options)}
    for name in (row.slide, row.volume, row.ct, row.histology, row.landmarks):
        path = None if name is None else Path(name)
        if path is not None and path.is_file():
            content[str(path)] = [path.stat().st_size, path.stat().st_mtime_ns]
    return dict(json.loads(json.dumps(content)))


def _known(folder: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The report of a pair that is whole and was made of the same."""
    try:
        if json.loads((folder / WORK).read_text(encoding="utf-8")) != wanted:
            return None
        return dict(json.loads((folder / files.REPORT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _datalist(outcomes: list[Outcome]) -> dict[str, Any]:
    datalist: dict[str, Any] = {split: [] for split in SPLITS}
    for outcome in outcomes:
        if outcome.report is None or outcome.report["verdict"] == "reject":
            continue
        folder = f"{PAIRS}/{outcome.row.name}"
        datalist[outcome.row.split].append(
            {
                "ct": f"{folder}/{files.CT}",
                "histology": f"{folder}/{files.HISTOLOGY}",
                "mask": f"{folder}/{files.MASK}",
                "specimen": outcome.row.specimen,
                "ct_window": outcome.report["ct_window"],
            }
        )
    empty = [split for split, items in datalist.items() if not items]
    if len(empty) == len(SPLITS):
        raise InputError("No section could be used: see the summary.")
    return datalist
