"""Runs that are killed and continued, and runs of several processes, against one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from bundle.bench.volume.run import ROOT, command, tree
from bundle.bench.volume.scan import WINDOW, write_folder

SHAPE = (44, 192, 160)  # six slabs of eight slices, the last one short
FORMATS = "['ome.zarr','tif','nii.gz']"


def measure_kills(work: Path, quick: bool) -> dict[str, Any]:
    """Kill runs at random moments, run the same command again, compare all files with those of an unkilled run."""
    points = 3 if quick else 20
    source = write_folder(work / "scan", SHAPE, "uint16")
    begun = time.monotonic()
    whole = _run(source, work / "whole")
    seconds = time.monotonic() - begun
    expected = tree(work / "whole")
    rng = random.Random(0)
    rows = []
    for point in range(points):
        # the first seconds go by with imports: spread the kills over what comes after them, and the very end
        moment = seconds * rng.uniform(0.3, 1.05)
        out = work / f"killed_{point}"
        killed = _run(source, out, kill_after=moment)
        left = sorted(path.name for path in out.iterdir()) if out.exists() else []
        unfinished = bool(left) and all(name.endswith(".partial") for name in left)
        again = _run(source, out) if killed else 0
        rows.append(
            {
                "killed after": f"{moment:.1f} s",
                "left": "nothing" if not left else "unfinished" if unfinished else "some or all finished",
                "same bytes": tree(out) == expected and again == 0,
            }
        )
    return {
        "title": f"kill -9 at {points} random moments of a run of {seconds:.0f} s, then the same command",
        "note": f"Three formats and the preview, {whole == 0 and len(expected)} files.",
        "floor": "identical results each time",
        "rows": rows,
        "met": whole == 0 and all(row["same bytes"] for row in rows),
    }


def measure_processes(work: Path, quick: bool) -> dict[str, Any]:
    """Stain with one process and with two that share the slabs."""
    shape = SHAPE if quick else (64, 512, 512)
    source = write_folder(work / "scan", shape, "float32")
    seconds, trees = {}, {}
    for processes in (1, 2):
        out = work / f"by_{processes}"
        begun = time.monotonic()
        status = _run(source, out, processes=processes)
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


def _run(source: Path, out: Path, kill_after: float | None = None, processes: int = 0) -> int:
    """Run inference in a process of its own; return its status, or that of a killed one, which is not 0."""
    words = command(
        processes,
        input=source,
        output_dir=out,
        output_format=FORMATS,
        ct_window=f"[{WINDOW[0]},{WINDOW[1]}]",
        slab_size=8,
        device="cpu",
    )
    environment = os.environ | ({"OMP_NUM_THREADS": "1"} if processes else {})
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return process.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()
