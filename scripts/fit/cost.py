"""What a difference between a scan and the training's scans cost on the phantom."""

from __future__ import annotations

import numpy as np

#: By kind: how large the difference was, and the PSNR that was lost, dB: of the weights of 0.10.0, on one slice
#: of each test specimen of `python -m bundle phantom DATA --seed 4 --specimens 13 4 12 --volumes 0`, by
#: `python -m bundle fit DATA --cost`. "noisier": white noise that was added, part of the window; "blurred": standard
#: deviation in pixels; "coarser": binning, brought back to the training's pixels.
COST: dict[str, tuple[tuple[float, float], ...]] = {
    "noisier": ((0.02, 0.2), (0.05, 0.9), (0.1, 2.8)),
    "blurred": ((1.0, 0.7), (2.0, 4.4), (4.0, 8.4)),
    "coarser": ((2.0, 0.4), (3.0, 1.6)),
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
