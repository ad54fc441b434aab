"""What decides a study's content."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bundle.synthetic.slides.cut import CutLimits
from scripts.errors import InputError


@dataclass(frozen=True)
class StudyOptions:
    """What decides a study's content.

    Attributes:
        seed: random seed, at least 0.
        slides: number of slides, two of each specimen.
        side: side of the blocks in voxels, at least 96.
        depth: slices of the blocks.
        damaged: whether sections have folds, tears, bubbles and pen marks.
        any_way: whether sections lie on their slides turned by quarters and on either face.
        dye: share by which the dye of a slide is stronger or weaker at most, in each colour by a third of that more.
        limits: of the cuts.
    """

    seed: int = 0
    slides: int = 20
    side: int = 384
    depth: int = 128
    damaged: bool = True
    any_way: bool = False
    dye: float = 0.0
    limits: CutLimits = field(default_factory=CutLimits)


def check_options(options: StudyOptions) -> None:
    """Raise an InputError where an option is out of range."""
    least = {"seed": 0, "slides": 1, "side": 96, "depth": 16}
    for name, low in least.items():
        value = getattr(options, name)
        if value < low:
            raise InputError(f"The study's option {name} is {value}, it must be at least {low}.")
    if not 0 <= options.dye < 0.7:
        raise InputError(f"The study's dye varies by {options.dye:g}: give a share from 0 to below 0.7.")
    if not (np.isfinite(options.limits.distortion) and options.limits.distortion >= 0):
        raise InputError(
            f"The study's distortion is {options.limits.distortion:g}: give a number of voxels, 0 or more."
        )
