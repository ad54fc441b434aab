"""Making the pairs of a study, several at a time."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch

from bundle.pairs.options import Options
from bundle.pairs.study.make import made_before, make
from bundle.pairs.study.outcome import Outcome
from bundle.pairs.study.table.row import Row
from scripts.errors import InputError


def make_all(rows: Sequence[Row], pairs: Path, options: Options, jobs: int) -> Iterator[Outcome]:
    """Tell what becomes of each row, first of those whose pair was made before.

    Args:
        rows: of the study.
        pairs: folder of the pairs.
        options: of all rows.
        jobs: rows at a time, each in a process of its own.

    Raises:
        InputError: the disk or the memory is full.
    """
    left: list[Row] = []
    for row in rows:
        try:
            report = made_before(row, pairs, options)
        except InputError as error:
            yield Outcome(row, None, str(error))
            continue
        if report is None:
            left.append(row)
        else:
            yield Outcome(row, report, known=True)
    if jobs > 1:
        yield from _in_processes(left, pairs, options, jobs)
    else:
        for row in left:
            yield make(row, pairs, options)


def _in_processes(rows: Sequence[Row], pairs: Path, options: Options, jobs: int) -> Iterator[Outcome]:
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _begin, (threads, os.getpid())) as pool:
        futures = [pool.submit(make, row, pairs, options) for row in rows]
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
