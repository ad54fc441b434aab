"""The points of each curve: what is trained on, what is evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bundle.evidence.limits.variants import (
    brighter,
    fewer_pairs,
    materials,
    misregistered,
    more_blurred,
    noisier,
    read_phantom,
    without_material,
    worse_scans,
)

PAIRS = (5, 10, 25, 50)
DISPLACEMENTS = (0.0, 2.0, 4.0, 8.0)  # pixels, root mean square
NOISE = (0.0, 0.02, 0.05, 0.1)  # standard deviation, of the window's width
BRIGHTNESS = (0.9, 0.95, 1.0, 1.05, 1.1)  # of the training's
BLUR = (0.0, 1.0, 2.0, 4.0)  # standard deviation, pixels


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


def pairs(base: Path, split: str, work: Path) -> Iterator[Point]:
    """Fewer training pairs."""
    most = len(read_phantom(base)["training"])
    for count in [count for count in PAIRS if count < most] + [most] * (most < PAIRS[-1]):
        yield Point("", count, fewer_pairs(base, count, work / f"{count}_pairs"), base)


def displacement(base: Path, split: str, work: Path) -> Iterator[Point]:
    """Training pairs that are misregistered."""
    for pixels in DISPLACEMENTS:
        yield Point("", pixels, misregistered(base, pixels, work / f"{pixels:g}_px"), base)


def material(base: Path, split: str, work: Path) -> Iterator[Point]:
    """Materials that the training did not have, beside the training that had them."""
    of = materials(base)
    judged = {item["specimen"] for item in read_phantom(base)[split]}
    for left_out in dict.fromkeys(of[specimen] for specimen in sorted(judged)):
        counted = frozenset(name for name, kind in of.items() if kind == left_out)
        yield Point("seen", left_out, base, base, counted)
        variant = without_material(base, left_out, work / f"without_{left_out}")
        yield Point("unseen", left_out, variant, base, counted)


def noise(base: Path, split: str, work: Path) -> Iterator[Point]:
    """Noisier CT than the training's."""
    for sigma in NOISE:
        yield Point("", sigma, base, worse_scans(base, split, noisier(sigma), work / f"noise_{sigma:g}"))


def blur(base: Path, split: str, work: Path) -> Iterator[Point]:
    """More blurred CT than the training's."""
    for sigma in BLUR:
        yield Point("", sigma, base, worse_scans(base, split, more_blurred(sigma), work / f"blur_{sigma:g}"))


def brightness(base: Path, split: str, work: Path) -> Iterator[Point]:
    """CT darker or brighter than the training's, for the same window."""
    for factor in BRIGHTNESS:
        yield Point("", factor, base, worse_scans(base, split, brighter(factor), work / f"brightness_{factor:g}"))


Points = Callable[[Path, str, Path], Iterator[Point]]

#: Name of a limit to its points and the title of its axis.
LIMITS: dict[str, tuple[Points, str]] = {
    "pairs": (pairs, "training pairs"),
    "displacement": (displacement, "misregistration of the training pairs / pixels"),
    "material": (material, "implant"),
    "noise": (noise, "noise added to the CT / window width"),
    "blur": (blur, "blur of the CT / pixels"),
    "brightness": (brightness, "brightness of the CT / of the training's"),
}
