"""A study to a data set that training accepts: registers what is not registered, goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bundle.pairs import pair_files as files
from bundle.pairs.register import PERCENTILES, Options, register
from bundle.pairs.single import check_pair
from bundle.pairs.study.normalise import normalise_stain
from bundle.pairs.study.summary import write_summary
from bundle.pairs.study.table import FILES, Row
from bundle.pairs.study.windows import windows_of
from scripts.data.datalist.file import SPLITS
from scripts.data.datalist.specimen_window import FOUND, found_window
from scripts.errors import InputError, find_input_error
from scripts.files.folder_lock import lock_folder
from scripts.files.output_folder import writable_folder
from scripts.volume.read.reader import open_volume
from scripts.whole import remove, write_text

PAIRS = "pairs"
SUMMARY = "summary.html"


@dataclass(frozen=True)
class Outcome:
    """What became of a row.

    Attributes:
        row: of the study.
        report: of its pair, None if there is none.
        mistake: why there is none.
        known: whether the pair was there already.
        strength: by what factors the dye's density in red, green, blue differed, where it was made even.
    """

    row: Row
    report: dict[str, Any] | None
    mistake: str | None = None
    known: bool = False
    strength: tuple[float, ...] | None = None

    @property
    def usable(self) -> bool:
        """Whether training may have it."""
        return self.report is not None and self.report["verdict"] != "reject"


def collect(rows: list[Row], out: Path, options: Options, jobs: int = 1, normalise: bool = False) -> Iterator[Outcome]:
    """Register all rows, tell each outcome as it comes, and write ``datalist.json`` and the summary at the end.

    Args:
        rows: of the study.
        out: folder of the data set.
        options: of all rows, besides what a row says of itself.
        jobs: sections at a time, each in a process of its own.
        normalise: whether sections are written as if they were all dyed alike, see `normalise_stain`.

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
    rows = [replace(row, ct_window=row.ct_window or options.ct_window) for row in rows]
    windows, mistakes = windows_of([row for row in rows if row.ct_window is None])
    bad = [row for row in rows if row.ct is not None and row.ct_window is None and row.specimen in mistakes]
    outcomes = {row.name: Outcome(row, None, mistakes[row.specimen]) for row in bad}
    yield from outcomes.values()
    usable = [
        row if row.ct is None or row.ct_window is not None else replace(row, window_found=windows[row.specimen])
        for row in rows
        if row.name not in outcomes
    ]
    for outcome in _made(usable, out, options, jobs):
        outcomes[outcome.row.name] = outcome
        yield outcome
    in_order = [outcomes[row.name] for row in rows]
    if normalise:
        in_order = _normalised(in_order, out)
    write_text(out / SUMMARY, write_summary(in_order, PAIRS))
    write_text(out / "datalist.json", json.dumps(_datalist(in_order), indent=2) + "\n")


def _made(rows: list[Row], out: Path, options: Options, jobs: int) -> Iterable[Outcome]:
    open_ones = []
    for row in rows:
        try:
            report = _known(out / PAIRS / row.name, identity(row, options))
        except InputError as error:  # its scan cannot be opened
            yield Outcome(row, None, str(error))
            continue
        if report is None:
            open_ones.append(row)
        else:
            yield Outcome(row, report, known=True)
    if jobs == 1:
        for row in open_ones:
            yield make(row, out, options)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (threads, os.getpid())) as pool:
        futures = [pool.submit(make, row, out, options) for row in open_ones]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise InputError("A process was ended by the system, as memory ran out: give fewer --jobs.") from error
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _begin(threads: int, parent: int) -> None:
    """Begin a process that ends when its parent does, which then holds the folder's lock no more."""
    torch.set_num_threads(threads)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make(row: Row, out: Path, options: Options) -> Outcome:
    """Register one row.

    A mistake in its files ends this row, not the study; a disk that is full ends the study.
    """
    folder = out / PAIRS / row.name
    try:
        if row.ct is not None and row.histology is not None:
            report = check_pair(
                row.ct,
                row.histology,
                folder,
                row.ct_window,
                row.pixel_um or options.pixel_um,
                row.mask,
                row.window_found,
            )
        else:
            assert row.slide is not None
            assert row.volume is not None
            own = replace(
                options,
                plane=row.plane or options.plane,
                landmarks=row.landmarks,
                pixel_um=row.pixel_um or options.pixel_um,
                voxel_um=row.voxel_um or options.voxel_um,
                ct_window=row.ct_window,
                mask=row.mask,
            )
            report = register(row.slide, row.volume, folder, own)
    except MemoryError as error:
        raise InputError(
            f"Memory ran out while {row.name} was registered: give fewer --jobs, or bin the scan."
        ) from error
    except Exception as error:
        mistake = find_input_error(error)
        if mistake is None or isinstance(error, OSError):
            raise
        writable_folder(out / PAIRS, "--out")  # a full disk is not this row's fault
        return Outcome(row, None, str(mistake))
    write_text(folder / files.WORK, json.dumps(identity(row, options), indent=2) + "\n")
    return Outcome(row, report)


def _normalised(outcomes: list[Outcome], out: Path) -> list[Outcome]:
    usable = {outcome.row.name: outcome.row for outcome in outcomes if outcome.usable}
    training = [name for name, row in usable.items() if row.split == "training"]
    found = normalise_stain({name: out / PAIRS / name for name in usable}, training)
    strengths = {name: tuple(map(float, strength)) for name, strength in found.items()}
    return [replace(outcome, strength=strengths.get(outcome.row.name)) for outcome in outcomes]


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


def _known(folder: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """The report of a pair that is whole and was made of the same."""
    if not all((folder / name).is_file() for name in (files.CT, files.HISTOLOGY, files.MASK)):
        return None
    try:
        if json.loads((folder / files.WORK).read_text(encoding="utf-8")) != wanted:
            return None
        return dict(json.loads((folder / files.REPORT).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _datalist(outcomes: list[Outcome]) -> dict[str, Any]:
    datalist: dict[str, Any] = {split: [] for split in SPLITS}
    for outcome in outcomes:
        if outcome.report is None or not outcome.usable:
            continue
        folder = f"{PAIRS}/{outcome.row.name}"
        datalist[outcome.row.split].append(
            {
                "ct": f"{folder}/{files.CT}",
                "histology": f"{folder}/{files.HISTOLOGY if outcome.strength is None else files.NORMALISED}",
                "mask": f"{folder}/{files.MASK}",
                "specimen": outcome.row.specimen,
                **_window(outcome),
            }
        )
    if not any(datalist.values()):
        raise InputError("No section could be used: see the summary.")
    return datalist


def _window(outcome: Outcome) -> dict[str, Any]:
    """The window as training takes it: a given one is the scale of all scans, a found one that of its scan alone."""
    assert outcome.report is not None
    window = outcome.report["ct_window"]
    return {"ct_window": window} if outcome.row.ct_window else {FOUND: found_window(window, PERCENTILES)}
