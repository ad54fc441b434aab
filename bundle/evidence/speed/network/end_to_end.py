"""A whole volume with everything that makes inference fast, against the textbook's network alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.shipped import DEVICE, images
from bundle.evidence.speed.textbook import TextbookGenerator
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from bundle.evidence.speed.volume.scan import WINDOW, write_folder
from bundle.shared.workflow import run_workflow
from scripts.precision import bfloat16_pays

FLOOR = 15.0


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time the staining of a TIFF folder to OME-Zarr, and the textbook's generator over slices of the same size.

    The textbook's network is given whole slices in memory: neither reading, nor overlapping windows, nor writing is
    counted against it. It takes so long that it sees a few slices only, which stand for all.
    """
    length, side, few, repeats = (4, 96, 2, 1) if conditions.quick else (64, 768, 2, 3)
    folder = write_folder(conditions.work / "scan", (length, side, side), "float32")
    textbook = TextbookGenerator(1, 3).eval().to(DEVICE)
    slab = images(few, side)

    def inference(amp: bool) -> None:
        shutil.rmtree(conditions.work / "out", ignore_errors=True)
        options = {"input": folder, "output_dir": conditions.work / "out", "ct_window": WINDOW, "amp": amp}
        run_workflow("inference", options)

    @torch.no_grad()
    def network() -> None:
        for image in slab:
            textbook(2 * image[None] - 1)

    ways: dict[str, Callable[[], None]] = {"inference": lambda: inference(bfloat16_pays(DEVICE))}
    if bfloat16_pays(DEVICE):
        ways["inference in float32"] = lambda: inference(False)
    ways["textbook's network alone"] = network
    for way in ways.values():
        way()
    timings = time_in_turn(ways, repeats)
    textbook_seconds = timings["textbook's network alone"]
    slices = {name: few if way is network else length for name, way in ways.items()}
    ratios = {name: median_ratio(textbook_seconds, timings[name]) * slices[name] / few for name in ways}
    return {
        "title": f"{length} slices of {side} x {side}, float32 TIFF to OME-Zarr",
        "note": f"Medians of {repeats} rounds in turn, per slice. Inference reads, stains, writes and draws its "
        "preview; the textbook's network (ResNet-9, 64 channels, float32, eager) only computes.",
        "floor": f"at least {FLOOR:g} times as fast",
        "rows": [
            {
                "way": name,
                "per slice": f"{timings[name].median / slices[name]:.3f} s",
                "times as fast": f"{ratios[name]:.1f}",
            }
            for name in ways
        ],
        "met": ratios["inference"] >= FLOOR,
    }
