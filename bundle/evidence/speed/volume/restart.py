"""Runs that are killed and continued, and runs of several processes, against one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume.scan import WINDOW, write_folder
from bundle.evidence.speed.volume.tree import tree
from bundle.shared.places import ROOT
from bundle.shared.workflow import workflow_command

SHAPE = (44, 192, 160)  # six slabs of eight slices, the last one short
FORMATS = "['ome.zarr','tif','nii.gz']"
ATTEMPTS = 3  # for each kill: a run may have come to its end before it


def measure_kills(conditions: Conditions) -> dict[str, Any]:
    """Kill runs at random moments, run the same command again, compare all files with those of an unkilled run."""
    points = 3 if conditions.quick else 20
    source = write_folder(conditions.work / "scan", SHAPE, "uint16")
    whole, seconds = _run_until(source, conditions.work / "whole", None)
    expected = tree(conditions.work / "whole")
    rng = random.Random(0)
    rows: list[dict[str, Any]] = []
    attempts = 0
    while len(rows) < points:
        attempts += 1
        if attempts > ATTEMPTS * points:
            raise RuntimeError(f"only {len(rows)} of {attempts - 1} runs were still at work when they were killed")
        out = conditions.work / f"killed_{attempts}"
        moment = seconds * rng.random()
        killed, _ = _run_until(source, out, moment)
        if killed != -signal.SIGKILL or not list(out.glob("*.partial")):
            continue  # the machine was faster this time, and all done
        slabs = len(list(out.glob("*.partial/slabs/*.npz")))
        finished = sorted(path.name for path in out.iterdir() if not path.name.endswith(".partial"))
        again, _ = _run_until(source, out, None)
        rows.append(
            {
                "killed after": f"{moment:.2f} s",
                "slabs done": slabs,
                "outputs in place": len(finished),
                "same bytes": tree(out) == expected and again == 0,
            }
        )
    return {
        "title": f"kill -9 at {points} random moments of the {seconds:.1f} s after planning, then the same command",
        "note": f"Six slabs, three formats and the preview: {len(expected)} files.",
        "floor": "identical results each time",
        "rows": rows,
        "met": whole == 0 and all(row["same bytes"] for row in rows),
    }


def measure_processes(conditions: Conditions) -> dict[str, Any]:
    """Stain with one process and with two that share the slabs."""
    shape = SHAPE if conditions.quick else (64, 512, 512)
    source = write_folder(conditions.work / "scan", shape, "float32")
    seconds, trees = {}, {}
    for processes in (1, 2):
        out = conditions.work / f"by_{processes}"
        begun = time.monotonic()
        status = _start(source, out, processes).wait()
        seconds[processes] = time.monotonic() - begun
        if status:
            raise RuntimeError(f"a run of {processes} processes ended with status {status}")
        trees[processes] = tree(out)
    same = trees[1] == trees[2]
    return {
        "title": f"torchrun with one and two processes, {shape[0]} slices of {shape[1]} x {shape[2]}, one thread each",
        "note": "Times include the start of the processes.",
        "floor": "the same bytes",
        "rows": [
            {"processes": processes, "time": f"{value:.1f} s", "files": len(trees[processes]), "same bytes": same}
            for processes, value in seconds.items()
        ],
        "met": same and bool(trees[1]),
    }


def _run_until(source: Path, out: Path, moment: float | None) -> tuple[int, float]:
    """Run inference and kill it some seconds after its folder has appeared, which is when planning ends.

    Returns:
        Its status, and the seconds that it ran from then on.
    """
    process = _start(source, out)
    while process.poll() is None and not list(out.glob("*.partial/slabs")):
        time.sleep(0.005)
    begun = time.monotonic()
    try:
        status = process.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    return status, time.monotonic() - begun


def _start(source: Path, out: Path, processes: int = 0) -> subprocess.Popen[bytes]:
    options = {
        "input": source,
        "output_dir": out,
        "output_format": FORMATS,
        "ct_window": f"[{WINDOW[0]},{WINDOW[1]}]",
        "slab_size": 8,
        "device": "cpu",
    }
    words = workflow_command("inference", options, processes=processes)
    environment = os.environ | ({"OMP_NUM_THREADS": "1"} if processes else {})
    return subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
