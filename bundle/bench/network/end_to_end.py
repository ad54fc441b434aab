"""A whole volume with everything that makes inference fast, against the textbook's network alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from bundle.bench.network.shipped import DEVICE, images
from bundle.bench.textbook import TextbookGenerator
from bundle.bench.timing import median_ratio, time_in_turn
from bundle.bench.volume.run import stain
from bundle.bench.volume.scan import WINDOW, write_folder

FLOOR = 15.0


def measure(work: Path, quick: bool) -> dict[str, Any]:
    """Time the staining of a TIFF folder to OME-Zarr, and the textbook's generator over slices of the same size.

    The textbook's network is given whole slices in memory: neither reading, nor overlapping windows, nor writing is
    counted against it. It takes so long that it sees a few slices only, which stand for all.
    """
    length, side, few, repeats = (4, 96, 2, 1) if quick else (64, 768, 2, 3)
    folder = write_folder(work / "scan", (length, side, side), "float32")
    textbook = TextbookGenerator(1, 3).eval().to(DEVICE)
    slab = images(few, side)

    def inference() -> None:
        shutil.rmtree(work / "out", ignore_errors=True)
        stain(input=folder, output_dir=work / "out", ct_window=WINDOW)

    @torch.no_grad()
    def network() -> None:
        for image in slab:
            textbook(2 * image[None] - 1)

    ways: dict[str, Callable[[], None]] = {"inference": inference, "textbook": network}
    for way in ways.values():
        way()
    timings = time_in_turn(ways, repeats)
    ratio = median_ratio(timings["textbook"], timings["inference"]) * length / few
    return {
        "title": f"{length} slices of {side} x {side}, float32 TIFF to OME-Zarr",
        "note": f"Medians of {repeats} rounds in turn, per slice. Inference reads, stains, writes and draws its "
        "preview; the textbook's network (ResNet-9, 64 channels, float32, eager) only computes.",
        "floor": f"at least {FLOOR:g} times as fast",
        "rows": [
            {"way": "inference, everything", "per slice": f"{timings['inference'].median / length:.3f} s"},
            {"way": "textbook's network alone", "per slice": f"{timings['textbook'].median / few:.3f} s"},
            {"way": "textbook : inference", "per slice": f"{ratio:.1f}"},
        ],
        "met": ratio >= FLOOR,
    }
