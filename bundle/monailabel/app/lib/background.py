"""Processes that MONAI Label begins for trainings and batches, and their end when the server ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

import psutil

EVERY = 1.0  # seconds between looks at the parent


def end_with_parent(temporary: Path) -> None:
    """End this process, and those it began, soon after the process that began it is gone.

    A server that is killed would else leave a training behind, which later replaces the weights of the next server.

    Args:
        temporary: folder of this process, removed at that end.
    """
    threading.Thread(target=_watch, args=(os.getppid(), temporary), daemon=True).start()


def _watch(parent: int, temporary: Path) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY)
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    shutil.rmtree(temporary, ignore_errors=True)
    os._exit(1)


def stop_all() -> None:
    """End what runs in the background and forget what waits: else the server would end only after it."""
    from monailabel.utils.async_tasks import utils

    for method, executor in utils.background_executors.items():
        executor.shutdown(wait=False, cancel_futures=True)
        while utils.background_processes.get(method):
            utils.stop_background_task(method)
