"""The comparison of a section with its scan at one scale, and the descent to the place where they share the most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bundle.pairs.place.box import Box
from bundle.pairs.place.cut import POSE, Cut, Frame, bending, bump, grid_of, locate
from bundle.pairs.place.information import bins_of, information
from scripts.data.control_points import grid_shape

SPACING = 64.0  # pixels between control points
#: Cost of bending along normal, rows, columns: sections bend out of their plane less than they distort in it.
STIFFNESS = (0.06, 0.0003, 0.0003)
#: First steps of Adam: radians, pixels, logarithms, and pixels of the control points.
STEPS = (0.01, 0.01, 0.01, 1.0, 1.0, 1.0, 0.005, 0.005, 0.005)
STEP_OF_BUMPS = 0.4
MEASURED = 60_000  # places by which the information at the end is measured


class Stage(NamedTuple):
    """How long the descent goes on at a scale.

    Attributes:
        factor: pixels that are averaged along a side.
        keep: candidates that are improved.
        steps: of the descent.
        places: of the section that a step looks at.
        distorted: whether the control points move.
    """

    factor: int
    keep: int
    steps: int
    places: int
    distorted: bool


@dataclass(frozen=True)
class Start:
    """Where a descent begins.

    Attributes:
        frame: what the pose is relative to.
        pose: (9,), see `POSE`.
        bumps: (3, R, C) displacements at control points, None for none.
    """

    frame: Frame
    pose: Tensor
    bumps: Tensor | None = None


@dataclass(frozen=True)
class Found:
    """A place of the section.

    Attributes:
        cut: the place.
        information: mutual information there, in nats.
        inside: share of the tissue that lies in the scan.
    """

    cut: Cut
    information: float
    inside: float

    @property
    def start(self) -> Start:
        """The place, as the start of the next stage."""
        return Start(self.cut.frame, self.cut.pose, self.cut.bumps)


class Level:
    """A section and its scan, averaged.

    Args:
        box: the part of the scan in question, with voxels of one pixel or more.
        density: (H, W) optical density of the section.
        weight: (H, W) how much a pixel counts, 0 to 1.
        factor: pixels that are averaged along a side.
    """

    def __init__(self, box: Box, density: Tensor, weight: Tensor, factor: int) -> None:
        self.box, self.size = box.coarser(factor), (density.shape[0], density.shape[1])
        self.at, dense, self.weight = _coarser(density, weight, factor)
        self.bins = bins_of(dense)

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

    def improve(self, start: Start, limit: Tensor, stage: Stage, generator: torch.Generator) -> Found:
        """Descend from a place.

        Args:
            start: the place.
            limit: (9,) ranges of the pose; where one is 0 that entry stays, but for stretches and shear.
            stage: how long.
            generator: of the places that a step looks at.
        """
        bumps = torch.zeros(3, *grid_shape(self.size, SPACING)) if start.bumps is None else start.bumps.clone()
        bumps.requires_grad_(stage.distorted)
        scale = torch.tensor(STEPS) * ((limit > 0) | (torch.arange(len(POSE)) >= 6))
        along = torch.tensor([float(limit[POSE.index("depth")] > 0), 1, 1])  # in a single slice nothing can be lifted
        raw = torch.zeros(len(POSE), requires_grad=True)  # in units of the steps, so that one rate suits all
        with torch.enable_grad():
            for optimiser in _descending(raw, bumps, stage.steps):
                chosen = self.choose(stage.places, generator)
                at = self.at[chosen]
                places = locate(start.frame, (start.pose + raw * scale)[None], at, bump(bumps, at, self.size) * along)
                loss = -self.score(places, chosen)[0][0]
                if stage.distorted:
                    loss = loss + (torch.tensor(STIFFNESS) * bending(bumps)).sum()
                optimiser.zero_grad()
                torch.autograd.backward(loss)
        pose = (start.pose + raw * scale).detach()
        return self._found(Cut(start.frame, pose, bumps.detach() * along[:, None, None], self.size), generator)

    def _found(self, cut: Cut, generator: torch.Generator) -> Found:
        chosen = self.choose(MEASURED, generator)
        at = self.at[chosen]
        with torch.no_grad():
            places = locate(cut.frame, cut.pose[None], at, bump(cut.bumps, at, self.size))
            found, inside = self.score(places, chosen)
        return Found(cut, float(found[0]), float(inside[0]))


def _descending(raw: Tensor, bumps: Tensor, steps: int) -> Iterator[torch.optim.Adam]:
    """Adam before each step, which is taken once the caller has the gradients; steps become smaller."""
    optimiser = torch.optim.Adam([{"params": [raw], "lr": 1.0}, {"params": [bumps], "lr": STEP_OF_BUMPS}])
    for step in range(steps):
        for group, rate in zip(optimiser.param_groups, (1.0, STEP_OF_BUMPS), strict=True):
            group["lr"] = rate * (1 - step / steps) + 0.02 * rate
        yield optimiser
        optimiser.step()


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
