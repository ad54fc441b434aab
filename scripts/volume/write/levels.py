"""What the levels of a map say: its mean and percentiles, and where a volume is unlike the training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.inferers.uncertainty import NOVEL, STEPS
from scripts.printable import listed

COMMON = 0.01  # share of the places in held-out slices that are above `NOVEL`
MUCH, MUCH_OF_SLICE = 3 * COMMON, 5 * COMMON  # more is told; slices of held-out specimens differ by that much


def counts_of_levels(slab: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many voxels of a uint8 slab (n, Y, X) have each level, (256,)."""
    # slice by slice: bincount takes eight bytes for each of its voxels
    counts: NDArray[np.int64] = np.sum([np.bincount(image.ravel(), minlength=256) for image in slab], axis=0)
    return counts


def unlike_of_slices(slab: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of the voxels of each slice whose novelty is above 1, (n,)."""
    return np.array([np.count_nonzero(image > NOVEL) / image.size for image in slab])


def uncertainty_facts(counts: NDArray[np.int64], views: int) -> dict[str, Any]:
    """Mean and percentiles of the uncertainty over all voxels, in grey levels.

    Args:
        counts: how many voxels have each level.
        views: by which it was found.
    """
    return {"views": views, **_statistics(counts, STEPS, (50, 80, 95))}


def novelty_facts(counts: NDArray[np.int64], unlike: NDArray[np.float64], axis: str) -> dict[str, Any]:
    """What the record says of the novelty over all voxels, in words besides; 1 is a level of 128.

    Args:
        counts: how many voxels have each level.
        unlike: share of each slice's voxels that are above 1.
        axis: along which those slices lie.
    """
    share = float(counts[NOVEL + 1 :].sum() / counts.sum())
    runs = _runs(unlike > MUCH_OF_SLICE)
    return {
        **_statistics(counts, NOVEL, (50, 80, 95, 99)),
        "share_above_1": round(share, 4),
        "slices": [list(run) for run in runs],
        "verdict": _verdict(share, runs, axis),
    }


def _statistics(counts: NDArray[np.int64], steps: int, percentiles: Sequence[int]) -> dict[str, float]:
    share = np.cumsum(counts) / counts.sum()
    return {
        "mean": round(float(np.average(np.arange(256), weights=counts)) / steps, 3),
        **{f"percentile_{q}": int(np.searchsorted(share, q / 100)) / steps for q in percentiles},
    }


def _runs(marked: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each run of marked slices."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return [(int(first), int(stop) - 1) for first, stop in steps.reshape(-1, 2)]


def _verdict(share: float, runs: Sequence[tuple[int, int]], axis: str) -> str:
    where = listed([str(first) if first == last else f"{first} to {last}" for first, last in runs], 4)
    if share > MUCH:
        sentence = f"{share:.0%} of the volume is unlike anything in the training"
        return f"{sentence}: slices {where} along {axis}" if runs else sentence
    if runs:
        return f"some slices hold places unlike anything in the training: slices {where} along {axis}"
    return "nothing stands out from the training"
