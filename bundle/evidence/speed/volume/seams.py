"""Whether tiles show: the same slice in tiles of many sizes, and a constant slice."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bundle.evidence.speed.conditions import Conditions
from bundle.evidence.speed.volume.scan import WINDOW, slices
from bundle.shared.places import SHIPPED
from bundle.shared.trained_network import read_network
from scripts.data.window import window
from scripts.inferers import TileInferer
from scripts.networks import fold_layers

SIZES = ((256, 256), (517, 389), (1000, 700))
TILES = (64, 65, 100, 128, 192, 256, 333, 512)


@torch.no_grad()
def measure(conditions: Conditions) -> dict[str, Any]:
    """Compare levels of tiles of all sizes, by the folded network that inference takes, with those that the shipped
    network gives for the whole slice.
    """
    network = read_network(SHIPPED)
    folded = fold_layers(network).to(memory_format=torch.channels_last)
    rows = []
    for shape in SIZES[:2] if conditions.quick else SIZES:
        image = torch.from_numpy(window(next(slices((1, *shape), "float32", seed=1)), *WINDOW))[None, None]
        whole = (network(image) * 255).round()
        differences = {
            tile: int((TileInferer(tile, as_uint8=True)(image, folded).float() - whole).abs().max()) for tile in TILES
        }
        rows.append({"slice": f"{shape[0]} x {shape[1]}", **{f"tile {tile}": d for tile, d in differences.items()}})
    flat = TileInferer(64)(torch.full((1, 1, 517, 389), 0.4), folded)
    spread = float(np.ptp(flat.numpy(), axis=(-1, -2)).max() * 255)
    return {
        "title": "Largest difference between tiles and the whole slice, in grey levels",
        "note": f"A constant slice comes out constant to {spread:.5f} grey levels.",
        "floor": "at most 1, constant in, constant out",
        "rows": rows,
        "met": all(value <= 1 for row in rows for value in row.values() if isinstance(value, int)) and spread < 0.01,
    }
