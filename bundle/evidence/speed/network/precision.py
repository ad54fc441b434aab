"""What bfloat16 does to the stain, and to the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images
from bundle.evidence.speed.timing import median_ratio, time_in_turn
from scripts.inferers import TileInferer
from scripts.precision import bfloat16_pays


def measure(conditions: Conditions) -> dict[str, Any]:
    """Stain slices in float32 and bfloat16 and compare the levels, 0 to 255."""
    side, repeats = (64, 1) if conditions.quick else (512, 3)
    network = for_inference()
    slab = images(2, side)
    stains: dict[str, torch.Tensor] = {}

    def way(name: str, amp: bool) -> Callable[[], None]:
        inferer = TileInferer(256, amp=amp, as_uint8=True)

        @torch.no_grad()
        def stain() -> None:
            stains[name] = inferer(slab, network).cpu().int()

        return stain

    ways = {"float32": way("float32", False), "bfloat16": way("bfloat16", True)}
    for one in ways.values():
        one()
    timings = time_in_turn(ways, repeats)
    difference = (stains["bfloat16"] - stains["float32"]).abs()
    speed = median_ratio(timings["float32"], timings["bfloat16"])
    pays = bfloat16_pays(DEVICE)
    return {
        "title": f"bfloat16 against float32 on {DEVICE.type}, slices of {side} x {side}",
        "note": "Shipped weights, a synthetic scan. Inference takes bfloat16 by itself only where it is known to pay: "
        f"here it does{'' if pays else ' not'}.",
        "floor": "taken where it is faster, and only there",
        "rows": [
            {
                "mean difference": f"{difference.float().mean():.3f} levels",
                "largest": f"{int(difference.max())} levels",
                "pixels off by more than 2": f"{100 * (difference > 2).float().mean():.2f} %",
                "times as fast": f"{speed:.2f}",
            }
        ],
        "met": pays == (speed > 1),
    }
