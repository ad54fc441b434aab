"""Running a bundle's workflow in a process of its own.

So its pixels are those of the command line, two bundles whose packages are both called ``scripts`` do not meet, and
the server outlives a workflow that runs out of memory.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from .refusal import Refusal

logger = logging.getLogger(__name__)

KEPT = 20  # last lines, in which the error is looked for


def seconds_of(minutes: str) -> float:
    """How long a staining may take, as ``--conf staining_minutes`` says.

    Raises:
        Refusal: it is no positive number.
    """
    try:
        seconds = 60 * float(minutes)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise Refusal(f"--conf staining_minutes is {minutes!r}: give a positive number of minutes.")
    return seconds


def run_workflow(bundle: Path, name: str, words: Sequence[str], limit: float | None = None) -> None:
    """Run a workflow of a bundle as ``python -m monai.bundle run`` does.

    Args:
        bundle: its folder.
        name: "inference", "training" or "evaluating".
        words: options of the command line.
        limit: see `run_python`.

    Raises:
        Refusal: see `run_python`.
    """
    config = {"inference": "inference", "training": "train", "evaluating": "evaluate"}[name]
    run_python(bundle, ["-m", "monai.bundle", "run", name, "--config_file", f"configs/{config}.yaml", *words], limit)


def run_python(bundle: Path, arguments: Sequence[str], limit: float | None = None) -> None:
    """Run Python in a bundle's folder, whose ``scripts`` it finds; what it says goes to the log.

    Args:
        bundle: its folder.
        arguments: of Python.
        limit: seconds after which the process is ended; None: it may take as long as it takes.

    Raises:
        Refusal: it ended with an error. The bundle's own sentence about a mistake has status 400, the end of its time
            504, all else 500.
    """
    environment = {**os.environ, "PYTHONPATH": str(bundle)}  # MONAI Label puts the app and other bundles there
    said: deque[str] = deque(maxlen=KEPT)
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=bundle,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        expired = threading.Event()
        timer = threading.Timer(limit or threading.TIMEOUT_MAX, _end, (process, expired))
        timer.daemon = True
        timer.start()
        try:
            for line in process.stdout:
                if line.strip():
                    said.append(line.strip())
                    logger.info(line.rstrip())
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if process.returncode and expired.is_set():
        raise Refusal(
            f"It took longer than the {(limit or 0) / 60:g} minutes that the server allows: give the volume to "
            "`run inference`, or start the server with a larger --conf staining_minutes.",
            504,
        )
    if process.returncode:
        raise _refusal(process.returncode, list(said))


def _end(process: subprocess.Popen[str], expired: threading.Event) -> None:
    expired.set()
    process.kill()


def _refusal(status: int, said: Sequence[str]) -> Refusal:
    for line in reversed(said):
        if line.startswith("error: "):
            return Refusal(line.removeprefix("error: "))
    if status < 0:
        return Refusal(f"The workflow was ended by signal {-status}, perhaps for want of memory.", 500)
    last = said[-1] if said else f"status {status}"
    return Refusal(f"The workflow failed ({last}): the server's log has more.", 500)
