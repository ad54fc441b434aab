"""The points of each curve: what is trained on, what is evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bundle.evidence.limits.kinds import KINDS, specimens_by
from bundle.evidence.limits.resized import coarser_alone, other_pixels
from bundle.evidence.limits.variants import (
    Change,
    brighter,
    fewer_pairs,
    lifted,
    misregistered,
    more_blurred,
    noisier,
    without_material,
    worse_scans,
)
from bundle.synthetic.phantom.datalist import materials, read_phantom

PAIRS = (2, 5, 10, 25, 50)
DISPLACEMENTS = (0.0, 2.0, 4.0, 8.0)  # pixels, root mean square
NOISE = (0.0, 0.02, 0.05, 0.1)  # standard deviation, of the window's width
BRIGHTNESS = (0.9, 0.95, 1.0, 1.05, 1.1)  # of the training's
GAIN = (0.9, 0.95, 1.0, 1.05, 1.1)  # of the training's
OFFSET = (-0.05, 0.0, 0.05)  # of the window's width
VOXEL = (2.5, 3.75, 5.0, 7.5)  # micrometres
BLUR = (0.0, 1.0, 2.0, 4.0)  # standard deviation, pixels


@dataclass(frozen=True)
class Basis:
    """What the data sets of a curve are made from.

    Attributes:
        phantom: folder of the phantom.
        split: that is evaluated on.
        work: folder for the data sets.
    """

    phantom: Path
    split: str
    work: Path


@dataclass(frozen=True)
class Point:
    """One training and one evaluation.

    Attributes:
        curve: name of the curve besides the recipe's, "" if there is one for each recipe.
        x: place on its axis.
        train_on: data set of the training.
        evaluate_on: data set of the evaluation.
        specimens: of the evaluation that count, None for all.
    """

    curve: str
    x: float | str
    train_on: Path
    evaluate_on: Path
    specimens: frozenset[str] | None = None


def pairs(basis: Basis) -> Iterator[Point]:
    """Fewer training pairs."""
    base = basis.phantom
    most = len(read_phantom(base)["training"])
    for count in [count for count in PAIRS if count < most] + [most] * (most < PAIRS[-1]):
        yield Point("", count, fewer_pairs(base, count, basis.work / f"{count}_pairs"), base)


def displacement(basis: Basis) -> Iterator[Point]:
    """Training pairs that are misregistered."""
    for pixels in DISPLACEMENTS:
        yield Point("", pixels, misregistered(basis.phantom, pixels, basis.work / f"{pixels:g}_px"), basis.phantom)


def material(basis: Basis) -> Iterator[Point]:
    """Materials that the training did not have, beside the training that had them."""
    base = basis.phantom
    of = materials(base)
    judged = {item["specimen"] for item in read_phantom(base)[basis.split]}
    for left_out in dict.fromkeys(of[specimen] for specimen in sorted(judged)):
        counted = frozenset(name for name, kind in of.items() if kind == left_out)
        yield Point("seen", left_out, base, base, counted)
        variant = without_material(base, left_out, basis.work / f"without_{left_out}")
        yield Point("unseen", left_out, variant, base, counted)


def noise(basis: Basis) -> Iterator[Point]:
    """Noisier CT than the training's."""
    for sigma in NOISE:
        yield _on_worse_scans(basis, sigma, noisier(sigma), "noise")


def blur(basis: Basis) -> Iterator[Point]:
    """More blurred CT than the training's."""
    for sigma in BLUR:
        yield _on_worse_scans(basis, sigma, more_blurred(sigma), "blur")


def brightness(basis: Basis) -> Iterator[Point]:
    """CT darker or brighter than the training's, for the same window."""
    for factor in BRIGHTNESS:
        yield _on_worse_scans(basis, factor, brighter(factor), "brightness")


def gain(basis: Basis) -> Iterator[Point]:
    """CT darker or brighter than the training's, whose window has to be found."""
    for factor in GAIN:
        yield _on_worse_scans(basis, factor, brighter(factor), "gain", calibrated=False)


def offset(basis: Basis) -> Iterator[Point]:
    """CT whose grey values are lower or higher than the training's, whose window has to be found."""
    for part in OFFSET:
        yield _on_worse_scans(basis, part, lifted(part), "offset", calibrated=False)


def voxel(basis: Basis) -> Iterator[Point]:
    """Scans of other pixels than the training's; last, what the coarsest cost if only they were coarse."""
    for size in VOXEL:
        resized = other_pixels(basis.phantom, basis.split, size, basis.work / f"voxel_{size:g}")
        yield Point("", f"{size:g}", basis.phantom, resized)
    coarsest = max(VOXEL)
    alone = coarser_alone(basis.phantom, basis.split, coarsest, basis.work / f"voxel_{coarsest:g}_alone")
    yield Point("", f"{coarsest:g}, CT alone", basis.phantom, alone)


def _on_worse_scans(basis: Basis, x: float, change: Change, name: str, calibrated: bool = True) -> Point:
    changed = worse_scans(basis.phantom, basis.split, change, basis.work / f"{name}_{x:g}", calibrated)
    return Point("", x, basis.phantom, changed)


def _kinds(name: str) -> Points:
    """Specimens of a phantom with varied ones, those of each kind apart."""

    def points(basis: Basis) -> Iterator[Point]:
        for x, specimens in specimens_by(name, basis.phantom, basis.split).items():
            yield Point("", x, basis.phantom, basis.phantom, frozenset(specimens))

    return points


Points = Callable[[Basis], Iterator[Point]]

#: Points by the name of a limit, see `AXES`.
LIMITS: dict[str, Points] = {
    "pairs": pairs,
    "displacement": displacement,
    "material": material,
    "noise": noise,
    "blur": blur,
    "brightness": brightness,
    "gain": gain,
    "offset": offset,
    "voxel": voxel,
    **{name: _kinds(name) for name in KINDS},
}
