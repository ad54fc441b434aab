"""Which specimens a phantom has: split, material, healing time, heights of its slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bundle.synthetic.phantom.looks import LOOKS
from bundle.synthetic.phantom.variety import Variety, draw_varieties

SPLITS = ("training", "validation", "test")
MATERIALS = {
    "training": ("Mg-5Gd", "Mg-10Gd", "Ti", "PEEK"),
    "validation": ("Mg-10Gd", "PEEK", "Ti", "Mg-5Gd"),
    "test": ("Mg-5Gd", "Ti", "PEEK", "Mg-10Gd"),
}
WEEKS = (4, 8, 12)
FIRST_VARIED = 1000
"""Number of the first varied specimen, so that they are the same beside any number of plain ones."""
FIRST_OTHER = 2000
"""Number of the first specimen of another look."""


@dataclass(frozen=True)
class Plan:
    """One specimen of the phantom.

    Attributes:
        index: number from 0; with the seed it decides everything random.
        name: identifier, ``S01`` and so on.
        split: ``training``, ``validation`` or ``test``.
        material: a key of `materials.IMPLANTS`.
        weeks: healing time.
        variety: what sets a varied specimen apart; None = a plain one.
        look: a key of `looks.LOOKS` for specimens of another look, which have its variety.
    """

    index: int
    name: str
    split: str
    material: str
    weeks: int
    variety: Variety | None = None
    look: str = ""


def share_out(specimens: int) -> tuple[int, int, int]:
    """How many of at least three specimens are for training, validation and test: about 9 : 2 : 3, none of them 0."""
    test = max(1, round(specimens * 3 / 14))
    validation = max(1, round(specimens * 2 / 14))
    return specimens - validation - test, validation, test


def plan_specimens(counts: Sequence[int]) -> list[Plan]:
    """Give so many specimens to training, validation and test, and vary materials and healing times within each.

    Test specimens start with a magnesium alloy at twelve weeks, whose degradation layer is the thickest.
    """
    plans: list[Plan] = []
    for split, count in zip(SPLITS, counts, strict=True):
        for k in range(count):
            kinds = MATERIALS[split]
            first = {"training": 0, "validation": 1, "test": 2}[split]
            weeks = WEEKS[(first + k // len(kinds) + k) % len(WEEKS)]
            plans.append(Plan(len(plans), f"S{len(plans) + 1:02d}", split, kinds[k % len(kinds)], weeks))
    return plans


def plan_look(look: str, counts: Sequence[int]) -> list[Plan]:
    """Specimens of another look, ``O01`` and so on, with materials and healing times as of `plan_specimens`."""
    return [
        replace(
            plan, index=FIRST_OTHER + plan.index, name=f"O{plan.index + 1:02d}", variety=LOOKS[look].variety, look=look
        )
        for plan in plan_specimens(counts)
    ]


def plan_varied(seed: int, counts: Sequence[int], dye: float) -> list[Plan]:
    """Give so many varied specimens, ``V01`` and so on, to training, validation and test; `dye` as `draw_varieties`."""
    plans: list[Plan] = []
    for place, (split, count) in enumerate(zip(SPLITS, counts, strict=True)):
        for material, variety in zip(*draw_varieties(seed, place, count, dye), strict=True):
            k = len(plans)
            weeks = WEEKS[k % len(WEEKS)]
            plans.append(Plan(FIRST_VARIED + k, f"V{k + 1:02d}", split, material, weeks, variety))
    return plans


def slice_heights(slices: int, size: int) -> list[float]:
    """Heights in pixels of a specimen's slices: evenly spread over two thirds of the screw's width."""
    reach = 60.0 * size / 512
    return [0.0] if slices == 1 else [-reach + 2 * reach * k / (slices - 1) for k in range(slices)]


def volume_specimens(plans: list[Plan], volumes: int) -> list[Plan]:
    """The specimens that come as whole volumes: test, validation and training in turn, first specimens first."""
    ranked = [
        (plan.index - min(p.index for p in plans if p.split == plan.split), -SPLITS.index(plan.split), plan)
        for plan in plans
    ]
    return [plan for *_, plan in sorted(ranked, key=lambda entry: entry[:2])[:volumes]]
