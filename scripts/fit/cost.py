"""What a difference between a scan and the training's scans cost on the phantom."""

from __future__ import annotations

import numpy as np

#: By kind: how large the difference was, and the PSNR that was lost, dB. Measured on the test specimens of
#: `python -m bundle phantom DATA --seed 4 --specimens 13 4 12 --volumes 0`:
#: "noisier" (white noise added, part of the window) by `python -m bundle limits noise default --dataset_dir DATA`,
#: "blurred" (standard deviation in pixels) by `python -m bundle limits blur default --dataset_dir DATA`,
#: "coarser" (binning 2 and 3, brought back to the training's pixels) by `python -m bundle fit DATA --cost`.
COST: dict[str, tuple[tuple[float, float], ...]] = {
    "noisier": ((0.02, 0.1), (0.05, 1.0), (0.1, 5.0)),
    "blurred": ((1.0, 0.7), (2.0, 3.7), (4.0, 5.6)),
    "coarser": ((2.0, 1.0), (3.0, 2.0)),
}


def cost_of(kind: str, size: float) -> str:
    """A sentence to follow another, such as " On the phantom that cost about 1.0 dB."; empty where nobody measured.

    Args:
        kind: of `COST`.
        size: of the difference, in the unit of `COST`; costs between two measured ones are interpolated.
    """
    sizes, costs = np.array(COST[kind]).T
    beyond = "more than" if size > sizes[-1] else "about"
    cost = float(np.interp(size, [0.0, *sizes], [0.0, *costs]))
    return f" On the phantom that cost {beyond} {cost:.1f} dB."
