from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from bundle.evidence.shared import parallel
from bundle.evidence.shared.parallel import ended, run_all, started


def test_results_by_name_and_as_many_at_a_time() -> None:
    at_work, most, lock = 0, 0, threading.Lock()

    def task() -> int:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.05)
        with lock:
            at_work -= 1
        return 7

    told: list[str] = []
    results = run_all(dict.fromkeys("abcd", task), 2, lambda key, result: told.append(f"{key}{result}"))
    assert results == dict.fromkeys("abcd", 7)
    assert most == 2
    assert sorted(told) == ["a7", "b7", "c7", "d7"]


def test_the_first_failure_ends_what_runs_and_begins_nothing_more() -> None:
    begun: list[str] = []

    def long() -> None:
        begun.append("long")
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        started(process)
        process.wait()
        ended(process)

    def failing() -> None:
        while not parallel._running:
            time.sleep(0.01)
        raise ValueError("as it happens")

    # a free thread may begin one more before the failure is seen, which then is ended like the first
    before = time.monotonic()
    with pytest.raises(ValueError, match="as it happens"):
        run_all({"first": long, "failing": failing, **dict.fromkeys(["a", "b", "c"], long)}, 2)
    assert time.monotonic() - before < 30
    assert len(begun) <= 2
    assert not parallel._running
