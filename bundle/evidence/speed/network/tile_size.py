"""Tiles of several sizes, as inference computes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from scripts.inferers import TileInferer, default_tile_size
from scripts.precision import bfloat16_pays

SLACK = 1.05  # the default may be slower than the fastest by this, which is what the machine's speed varies by anyway
SIDES = {"cpu": 1024, "cuda": 4096}
SIZES = {"cpu": (64, 128, 192, 256, 384, 512, 1024), "cuda": (256, 512, 1024, 2048, 4096)}


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time a slab of slices with each tile size, in turn."""
    side, sizes, repeats = (192, (64, 128), 2) if conditions.quick else (SIDES[DEVICE.type], SIZES[DEVICE.type], 5)
    network = for_inference()
    slab = images(2, side)

    def way(size: int) -> Callable[[], object]:
        inferer = TileInferer(size, amp=bfloat16_pays(DEVICE), as_uint8=True)
        return torch.no_grad()(lambda: inferer(slab, network))

    ways = {str(size): way(size) for size in sizes}
    for one in ways.values():
        one()
    timings = time_in_turn(ways, repeats)
    fastest = min(timings, key=lambda name: timings[name].median)
    ratios = {name: median_ratio(timing, timings[fastest]) for name, timing in timings.items()}
    default = str(min(default_tile_size(network, DEVICE, bfloat16_pays(DEVICE)), max(sizes)))
    return {
        "title": f"Tiles of a slice of {side} x {side}",
        "note": f"Medians of {repeats} rounds in turn, per slice. The default on this {DEVICE.type} is {default}.",
        "floor": f"the default at most {SLACK} times the fastest",
        "rows": [
            {
                "tile": name,
                "time": f"{1e3 * timing.median / len(slab):.0f} ms",
                "to the fastest": f"{ratios[name]:.2f}",
            }
            for name, timing in timings.items()
        ],
        "met": ratios[default] <= SLACK,
    }
