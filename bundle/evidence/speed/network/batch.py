"""Several pieces at once, eager and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.compiler.config as compiler

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.limit import multiplications, multiplications_per_second
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images, way
from bundle.evidence.speed.timing import time_in_turn
from scripts.precision import bfloat16_pays


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time each size of batch, in turn, in the precision that inference takes on this device."""
    amp = bfloat16_pays(DEVICE)
    kind = torch.bfloat16 if amp else torch.float32
    side, largest, repeats = (64, 2, 2) if conditions.quick else (272, 8, 5) if DEVICE.type == "cpu" else (1040, 32, 20)
    batches = [2**power for power in range(largest.bit_length())]
    network = for_inference()
    ways: dict[tuple[str, int], Callable[[], object]] = {}
    for batch in batches:
        image = images(1, side).expand(batch, -1, -1, -1).contiguous(memory_format=torch.channels_last)
        ways["eager", batch] = way(network, image, amp)
        if not conditions.quick:
            ways["torch.compile", batch] = way(torch.compile(network, dynamic=False), image, amp)
        if DEVICE.type == "cuda":
            graphed = torch.compile(network, dynamic=False, mode="reduce-overhead")
            ways["torch.compile, CUDA graphs", batch] = way(graphed, image, amp)
    # each size of batch is compiled anew; beyond a limit torch would go on eagerly and say so in a log
    compiler.recompile_limit = 4 * len(ways)
    time_in_turn(ways, 3)
    timings = time_in_turn(ways, repeats)
    macs = multiplications(network, images(1, side))
    limit = multiplications_per_second(DEVICE, kind)
    seconds = {key: timing.median / key[1] for key, timing in timings.items()}
    return {
        "title": f"Pieces of {side} x {side} at a time on {DEVICE.type}, {str(kind)[6:]}",
        "note": f"Medians of {repeats} rounds in turn, per piece. Products of large matrices reach "
        f"{limit / 1e9:.0f} GMAC/s here. Inference takes one piece at a time through encoder and decoder, eagerly, and "
        "the trunk on the whole slice.",
        "rows": [
            {
                "engine": engine,
                "batch": str(batch),
                "time": f"{1e3 * seconds[engine, batch]:.2f} ms",
                "of the limit": f"{100 * macs / seconds[engine, batch] / limit:.0f} %",
            }
            for engine, batch in timings
        ],
    }
