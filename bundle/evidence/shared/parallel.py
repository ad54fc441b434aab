"""Several results at a time, and an end to all of them when one fails or the user has enough."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

Key = TypeVar("Key")

_running: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()
_lock = threading.Lock()


def started(process: subprocess.Popen[bytes]) -> None:
    """Note a process that `run_all` is to end if it ends early."""
    with _lock:
        _running.add(process)
        if _stopping.is_set():  # a task that was begun while another failed
            process.terminate()


def ended(process: subprocess.Popen[bytes]) -> None:
    """Forget a process that has ended."""
    with _lock:
        _running.discard(process)


def run_all(
    tasks: Mapping[Key, Callable[[], Any]], jobs: int, done: Callable[[Key, Any], None] | None = None
) -> dict[Key, Any]:
    """Run tasks in threads, `jobs` at a time, in their order.

    Args:
        tasks: by name; each waits for processes that it has noted by `started`.
        jobs: how many at a time.
        done: called with name and result of each as it ends, in this thread.

    Returns:
        All results, by name.

    Raises:
        BaseException: what a task or the user raised first; nothing more is begun then, and what runs is ended.
    """
    results: dict[Key, Any] = {}
    _stopping.clear()
    with ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(task): key for key, task in tasks.items()}
        try:
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                if done is not None:
                    done(futures[future], results[futures[future]])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            with _lock:
                _stopping.set()
                for process in _running:
                    process.terminate()
            raise
    return results
