"""Finding a section in its scan: mutual information of CT and stain, over plane, linear map and distortion at once.

Candidates are spread evenly over the ranges at a coarse scale; the best are improved by gradient descent, coarse to
fine. At every step mutual information (Parzen windows, as Mattes et al. 2003) is measured on other places of the
section, drawn at random, so that its cost does not grow with the section.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.quasirandom import SobolEngine

from bundle.pairs.place.cut import POSE, Cut, Frame, bending, bump, control_points, grid_of, locate
from bundle.pairs.place.scan import Box

BINS = 32
CANDIDATES = 2**13
#: Coarse to fine: pixels averaged, candidates kept, steps, places of a step, whether the section may be distorted.
STAGES = (
    (8, 32, 30, 2000, False),
    (8, 8, 60, 3000, True),
    (4, 4, 100, 6000, True),
    (2, 2, 120, 8000, True),
    (1, 1, 250, 40000, True),
)
SPACING = 64.0  # pixels between control points
#: Cost of bending along normal, rows, columns: sections bend out of their plane less than they distort in it.
STIFFNESS = (0.06, 0.0003, 0.0003)
#: First steps of Adam: radians, pixels, logarithms, and pixels of the control points.
STEPS = (0.01, 0.01, 0.01, 1.0, 1.0, 1.0, 0.005, 0.005, 0.005)
STEP_OF_BUMPS = 0.4
LEAST_INSIDE = 0.2  # share of the tissue that must lie in the scan


@dataclass(frozen=True)
class Ranges:
    """How far from the guess a section may lie.

    Attributes:
        depth: pixels along the normal.
        tilt: degrees about each axis.
        turn: degrees in the plane.
        shift: pixels in the plane.
    """

    depth: float = 45.0
    tilt: float = 10.0
    turn: float = 18.0
    shift: float = 30.0

    def of_pose(self) -> Tensor:
        """Of each entry of a pose (9,); stretches and shear start at none."""
        turn, tilt = np.radians([self.turn, self.tilt])
        return torch.tensor([turn, tilt, tilt, self.depth, self.shift, self.shift, 0, 0, 0], dtype=torch.float32)


@dataclass(frozen=True)
class Found:
    """A cut and the mutual information there, in nats, with the share of the tissue that lies in the scan."""

    cut: Cut
    information: float
    inside: float


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
    size = (density.shape[0], density.shape[1])
    limit = ranges.of_pose()
    poses = (2 * SobolEngine(len(POSE), scramble=True, seed=seed).draw(CANDIDATES // len(frames)) - 1) * limit
    if start is not None:
        poses = poses + start.pose
    known: list[tuple[Frame, Tensor, Tensor | None]] = []  # frame, pose (9,), bumps (3, R, C)
    best: list[Found] = []
    for number, (factor, keep, steps, places, distorted) in enumerate(STAGES):
        coarse = box.coarser(factor)
        at, dense, weights = _coarser(density, weight, factor)
        level = _Level(coarse, at, _bins(dense, weights), weights, size)
        if number == 0:
            first = None if start is None else start.bumps
            known = [(frame, pose, first) for frame, pose in _select(level, frames, poses, keep, generator)]
        improved = [
            level.improve(frame, pose, bumps, limit, steps, places, distorted, generator)
            for frame, pose, bumps in known
        ]
        improved.sort(key=lambda found: -found.information * found.inside)
        best = improved[: STAGES[number + 1][1] if number + 1 < len(STAGES) else 1]
        known = [(found.cut.frame, found.cut.pose, found.cut.bumps) for found in best]
        if progress is not None:
            progress(f"{factor} pixels averaged: information {best[0].information:.3f}")
    return best[0]


class _Level:
    """The comparison of a section with a scan at one scale."""

    def __init__(self, box: Box, at: Tensor, bins: Tensor, weight: Tensor, size: tuple[int, int]) -> None:
        self.box, self.at, self.bins, self.weight, self.size = box, at, bins, weight, size

    def score(self, places: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Mutual information (B,) and share inside (B,) for positions (B, N, 3) of the chosen places (N,)."""
        values, inside = self.box.sample(places)
        weight = self.weight[chosen] * inside  # (B, N)
        share = weight.sum(1) / self.weight[chosen].sum()
        return information(values, self.bins[chosen], weight), share

    def choose(self, count: int, generator: torch.Generator) -> Tensor:
        """Places drawn at random, or all if there are no more."""
        if count >= len(self.at):
            return torch.arange(len(self.at))
        return torch.randint(len(self.at), (count,), generator=generator)

    def improve(
        self,
        frame: Frame,
        pose: Tensor,
        bumps: Tensor | None,
        limit: Tensor,
        steps: int,
        count: int,
        distorted: bool,
        generator: torch.Generator,
    ) -> Found:
        """Gradient descent from a pose (9,) and its bumps."""
        shape = control_points(self.size, SPACING)
        bumps = (torch.zeros(3, *shape) if bumps is None else bumps.clone()).requires_grad_(distorted)
        free = (limit > 0) | (torch.arange(len(POSE)) >= 6)
        scale = torch.tensor(STEPS) * free
        stiffness = torch.tensor(STIFFNESS)
        along = torch.tensor([float(limit[POSE.index("depth")] > 0), 1, 1])  # in a single slice nothing can be lifted
        with torch.enable_grad():
            raw = torch.zeros(len(POSE), requires_grad=True)  # in units of the steps, so that one rate suits all
            optimiser = torch.optim.Adam([{"params": [raw], "lr": 1.0}, {"params": [bumps], "lr": STEP_OF_BUMPS}])
            for step in range(steps):
                for group, rate in zip(optimiser.param_groups, (1.0, STEP_OF_BUMPS), strict=True):
                    group["lr"] = rate * (1 - step / steps) + 0.02 * rate
                chosen = self.choose(count, generator)
                at = self.at[chosen]
                now = pose + raw * scale
                lifted = bump(bumps, at, self.size) * along
                found, _ = self.score(locate(frame, now[None], at, lifted), chosen)
                loss = -found[0]
                if distorted:
                    loss = loss + (stiffness * bending(bumps)).sum()
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        now = (pose + raw * scale).detach()
        every = self.choose(60_000, generator)
        with torch.no_grad():
            bumps = bumps.detach() * along[:, None, None]
            lifted = bump(bumps, self.at[every], self.size)
            found, inside = self.score(locate(frame, now[None], self.at[every], lifted), every)
        return Found(Cut(frame, now, bumps, self.size), float(found[0]), float(inside[0]))


def information(values: Tensor, bins: Tensor, weight: Tensor) -> Tensor:
    """Mutual information in nats (B,).

    Args:
        values: (B, N) CT in [0, 1].
        bins: (N, K) shares of the stain's bins, each row sums to 1.
        weight: (B, N).
    """
    position = values.clamp(0, 1) * (BINS - 1)
    shares = (1 - (position[..., None] - torch.arange(BINS)).abs()).clamp(min=0)  # (B, N, BINS)
    joint = (shares * weight[..., None]).mT @ bins  # (B, BINS, K)
    joint = joint / joint.sum((1, 2), keepdim=True).clamp(min=1e-6)
    independent = joint.sum(2, keepdim=True) * joint.sum(1, keepdim=True)
    return (joint * ((joint + 1e-9) / (independent + 1e-9)).log()).sum((1, 2))


def spread_out(values: Tensor) -> Tensor:
    """Grey values in [0, 1] half way to being equally frequent: beside metal all tissue may share a few bins."""
    sample = values.flatten()[:: max(1, values.numel() // 200_000)]
    known = torch.quantile(sample, torch.linspace(0, 1, 257))
    rank = (torch.searchsorted(known, values.contiguous()).float() / 256).clamp(0, 1)
    return 0.5 * values + 0.5 * rank


def _select(
    level: _Level,
    frames: Sequence[Frame],
    poses: Tensor,
    keep: int,
    generator: torch.Generator,
    batch: int = 64,
) -> list[tuple[Frame, Tensor]]:
    """The frames and poses (9,) that share the most information, of all frames with all poses (B, 9)."""
    chosen = level.choose(1200, generator)
    ranked: list[tuple[float, Frame, Tensor]] = []
    with torch.no_grad():
        for frame in frames:
            for part in poses.split(batch):
                found, inside = level.score(locate(frame, part, level.at[chosen]), chosen)
                value = torch.where(inside > LEAST_INSIDE, found * inside, found * 0)
                ranked += [(float(v), frame, pose) for v, pose in zip(value, part, strict=True)]
    ranked.sort(key=lambda entry: -entry[0])
    return [(frame, pose) for _, frame, pose in ranked[:keep]]


def _coarser(density: Tensor, weight: Tensor, factor: int) -> tuple[Tensor, Tensor, Tensor]:
    """Places (N, 2), density (N,) and weight (N,) of the pixels averaged by a factor, where the weight is not 0."""
    size = (density.shape[0], density.shape[1])
    rows, columns = (side // factor * factor for side in size)

    def mean(image: Tensor) -> Tensor:
        return image[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor).mean((1, 3))

    share = mean(weight)
    dense = mean(density * weight) / share.clamp(min=1e-6)
    at = grid_of(size)[:rows, :columns].permute(2, 0, 1)
    places = torch.stack([mean(part) for part in at], -1)
    counted = share > 0.05
    return places[counted], dense[counted], share[counted]


def _bins(density: Tensor, weight: Tensor) -> Tensor:
    """Shares (N, BINS) of the density's bins, which are denser where tissue is pale: its root is binned."""
    root = density.clamp(min=0).sqrt()
    top = torch.quantile(root[torch.randperm(len(root), generator=torch.Generator().manual_seed(0))[:50_000]], 0.995)
    position = (root / top.clamp(min=1e-3)).clamp(0, 1) * (BINS - 1)
    return (1 - (position[:, None] - torch.arange(BINS)).abs()).clamp(min=0)
