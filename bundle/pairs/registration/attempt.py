"""One search for a section, and how well it fits where it was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import binary_dilation

from bundle.pairs.place.level import Found
from bundle.pairs.place.search import search
from bundle.pairs.place.surface import on_surface
from bundle.pairs.registration.prepare import Task
from bundle.shared.quality.fit import Quality, measure
from scripts.data.window import window

AROUND_TISSUE = 6  # pixels beside the tissue that count in the search: glass against what is beside the specimen

Array = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Attempt:
    """What a search has found.

    Attributes:
        found: the cut.
        ct: (H, W) grey values of the scan there.
        inside: (H, W) whether a pixel lies in the scan.
        folding: (H, W) determinant of the Jacobian of the map; where it is not positive the map folds.
        quality: how well section and scan fit.
    """

    found: Found
    ct: Array
    inside: npt.NDArray[np.bool_]
    folding: Array
    quality: Quality


def attempt(task: Task, seed: int, progress: Callable[[str], None]) -> Attempt:
    """Search for a section.

    Args:
        task: the section and its scan.
        seed: of the search.
        progress: called with a line about each stage.

    Raises:
        InputError: damaged slices.
    """
    section, guess = task.section, task.guess
    weight = binary_dilation(section.tissue, iterations=AROUND_TISSUE) & ~section.marked
    found = search(
        task.box,
        torch.from_numpy(section.density),
        torch.from_numpy(weight.astype(np.float32)),
        guess.frames,
        guess.ranges,
        start=guess.start,
        seed=seed,
        progress=progress,
    )
    ct, inside = on_surface(task.volume, task.scale.voxel, found.cut.places(), task.limits, task.window.padding)
    folding = found.cut.fold().numpy()
    valid = section.tissue & inside & ~section.marked & (folding > 0)
    quality = measure(section.image, section.density, window(ct, *task.limits), valid)
    return Attempt(found, ct, inside, folding, quality)
