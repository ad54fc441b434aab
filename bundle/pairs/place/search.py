"""Finding a section in its scan: mutual information of CT and section, over plane, linear map and distortion at once.

Candidates are spread evenly over the ranges at a coarse scale; the best are improved by gradient descent, coarse to
fine. At every step mutual information (Parzen windows, as Mattes et al. 2003) is measured on other places of the
section, drawn at random, so that its cost does not grow with the section.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from bundle.pairs.options import Ranges
from bundle.pairs.place.box import Box
from bundle.pairs.place.cut import POSE, Cut, Frame, locate
from bundle.pairs.place.information import spread_out
from bundle.pairs.place.level import Found, Level, Stage, Start

CANDIDATES = 2**13
#: Coarse to fine: pixels averaged, candidates kept, steps, places of a step, whether the section may be distorted.
STAGES = (
    (8, 32, 30, 2000, False),
    (8, 8, 60, 3000, True),
    (4, 4, 100, 6000, True),
    (2, 2, 120, 8000, True),
    (1, 1, 250, 40000, True),
)
LEAST_INSIDE = 0.2  # share of the tissue that must lie in the scan
FIRST_PLACES, BATCH = 1200, 64  # places by which candidates are compared, candidates at a time

Candidates = tuple[Frame, Tensor, Tensor | None]  # a frame, poses (B, 9), and the bumps to start from


def search(
    box: Box,
    density: Tensor,
    weight: Tensor,
    frames: Sequence[Frame],
    ranges: Ranges,
    start: Cut | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Found:
    """Find where a section lies.

    Args:
        box: the part of the scan in question, with voxels of one pixel or more.
        density: (H, W) optical density of the section.
        weight: (H, W) how much a pixel counts, 0 to 1.
        frames: guesses; more than one if the section may lie any way round.
        ranges: how far from them it may lie.
        start: a cut whose stretches and distortion the search starts from.
        seed: of the random places.
        progress: called with a line about each stage.
    """
    box = replace(box, values=spread_out(box.values))
    generator = torch.Generator().manual_seed(seed)
    limit = limits_of(ranges)
    stages = [Stage(*stage) for stage in STAGES]
    starts: list[Start] = []
    best: list[Found] = []
    for number, stage in enumerate(stages):
        level = Level(box, density, weight, stage.factor)
        if number == 0:
            candidates = _candidates(frames, limit, start, seed)
            starts = _select(level, candidates, stage.keep, generator)
        improved = [level.improve(begin, limit, stage, generator) for begin in starts]
        improved.sort(key=lambda found: -found.information * found.inside)
        best = improved[: stages[number + 1].keep if number + 1 < len(stages) else 1]
        starts = [found.start for found in best]
        if progress is not None:
            progress(f"{stage.factor} pixels averaged: information {best[0].information:.3f}")
    return best[0]


def limits_of(ranges: Ranges) -> Tensor:
    """Greatest value of each entry of a pose (9,); stretches and shear start at none."""
    turn, tilt = np.radians([ranges.turn, ranges.tilt])
    depth, shift = ranges.depth, ranges.shift
    return torch.tensor([turn, tilt, tilt, depth, shift, shift, 0, 0, 0], dtype=torch.float32)


def _candidates(frames: Sequence[Frame], limit: Tensor, start: Cut | None, seed: int) -> list[Candidates]:
    """Candidates of each frame, spread evenly over the ranges."""
    engine = SobolEngine(len(POSE), scramble=True, seed=seed)
    poses = (2 * engine.draw(CANDIDATES // len(frames)) - 1) * limit
    if start is not None:
        poses = poses + start.pose
    return [(frame, poses, None if start is None else start.bumps) for frame in frames]


def _select(level: Level, candidates: Sequence[Candidates], keep: int, generator: torch.Generator) -> list[Start]:
    """The candidates that share the most information."""
    chosen = level.choose(FIRST_PLACES, generator)
    ranked: list[tuple[float, Start]] = []
    with torch.no_grad():
        for frame, poses, bumps in candidates:
            for part in torch.split(poses, BATCH):
                found, inside = level.score(locate(frame, part, level.at[chosen]), chosen)
                value = torch.where(inside > LEAST_INSIDE, found * inside, found * 0)
                ranked += [(float(v), Start(frame, pose, bumps)) for v, pose in zip(value, part, strict=True)]
    ranked.sort(key=lambda entry: -entry[0])
    return [start for _, start in ranked[:keep]]
