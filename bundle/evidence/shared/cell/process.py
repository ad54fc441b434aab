"""A run in a process of its own, and the processor time that it took."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from bundle.evidence.shared.parallel import ended, started
from bundle.shared.places import ROOT
from scripts.errors import InputError


def run(command: list[str], log: Path, threads: int | None) -> float:
    """Run a command and return the processor time of it and its children, seconds.

    Args:
        command: words, the program first.
        log: file for what the command prints.
        threads: of its linear algebra, None for as many as this process would take.

    Raises:
        InputError: the command failed.
    """
    environment = os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT)
        started(process)
        _, status, used = os.wait4(process.pid, 0)  # of this child alone: others may run beside it
        ended(process)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise InputError(f"A run of the benchmark ended with status {process.returncode}, see the end of {log}.")
    return used.ru_utime + used.ru_stime
