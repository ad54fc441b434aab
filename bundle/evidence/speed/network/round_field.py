"""A round field of view against its square: what is gained where there is nothing to stain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.network.shipped import DEVICE, for_inference, images
from bundle.evidence.speed.timing import Timing, median_ratio, time_in_turn
from scripts.inferers import TileInferer, default_tile_size
from scripts.inferers.sparse import Sparsity
from scripts.inferers.tiles import tiles
from scripts.precision import bfloat16_pays

FLOOR, COST = 1.15, 1.01
SIDES, SLICES, ROUNDS = (2048, 3072), 4, 5


def measure(conditions: Conditions) -> dict[str, Any]:
    """Time slabs whose circle touches the four sides of the slice, and the same slices filled, in turn."""
    sides, slices, rounds = ((384,), 2, 2) if conditions.quick else (SIDES, SLICES, ROUNDS)
    network, rows, gains, costs = for_inference(), [], [], []
    precisions = [False, True] if bfloat16_pays(DEVICE) else [False]
    for side in sides:
        square = images(slices, side)
        field = circle(side).to(square.device)
        ways = {"square": square, "round": torch.where(field, square, torch.zeros_like(square))}
        for amp in precisions:
            timings, same = _timed(ways, network, amp, rounds)
            gain = median_ratio(timings["square"], timings["round"])
            cost = 1 + median_ratio(timings["search"], timings["square"])
            rows.append(
                {
                    "side": str(side),
                    "precision": "bfloat16" if amp else "float32",
                    "square": f"{timings['square'].median / slices:.2f} s",
                    "round": f"{timings['round'].median / slices:.2f} s",
                    "square : round": f"{gain:.2f}",
                    "search in a square": f"{cost - 1:.2%}",
                    "same bytes": "yes" if same else "NO",
                }
            )
            gains.append(gain)
            costs.append(cost)
    met = max(gains) >= FLOOR and max(costs) <= COST and all(row["same bytes"] == "yes" for row in rows)
    return {
        "title": "A round field of view against its square",
        "note": f"Per slice of slabs of {slices}, medians of {rounds} rounds in turn. The first slab is not timed: its "
        "first slice is stained both ways, to see whether the bits are the same. Search: what a "
        "square takes to find that it is not blank anywhere, after which it is stained as without.",
        "floor": f"round {FLOOR} times as fast at one size at least, a square at most {COST} as slow, the same bytes",
        "rows": rows,
        "met": met,
    }


def circle(side: int) -> torch.Tensor:
    """Which pixels of a square lie in the circle that touches its sides."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return torch.from_numpy(np.hypot(y, x) < side / 2)


def _timed(ways: dict[str, torch.Tensor], network: Any, amp: bool, rounds: int) -> tuple[dict[str, Timing], bool]:
    """Each way, and the search in the square; whether the round one has the bytes of being computed."""
    size = default_tile_size(network, DEVICE, amp)
    inferer, plain = (TileInferer(size, amp, as_uint8=True, skip_blank=skip) for skip in (True, False))

    def staining(by: TileInferer, slab: torch.Tensor) -> Callable[[], torch.Tensor]:
        return torch.no_grad()(lambda: by(slab, network))

    staining(inferer, ways["round"])()
    same = torch.equal(staining(inferer, ways["round"])(), staining(plain, ways["round"])())
    jobs: dict[str, Callable[[], object]] = {name: staining(inferer, slab) for name, slab in ways.items()}
    square, cores = ways["square"], tiles(ways["square"].shape[-2:], size, network.stride)
    jobs["search"] = lambda: [Sparsity().layout(square[n : n + 1], network, cores, {}) for n in range(len(square))]
    return time_in_turn(jobs, rounds), same
