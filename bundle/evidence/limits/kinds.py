"""The specimens of a phantom with varied ones, by pixel size, energy, grey scale and look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bundle.synthetic.phantom.datalist import read_phantom
from scripts.errors import InputError

PLAIN = "plain"  # the specimens that are alike
ALIKE = 0.15  # largest deviation of the dye that still looks like the plain phantom's, see `dyes_between`


def _look(facts: dict[str, Any]) -> str:
    if abs(facts["dye"]) <= ALIKE:
        return "alike"
    return "more" if facts["dye"] > 0 else "less"


#: Name of a limit to what a varied specimen's facts give as its place on the axis.
KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "pixel": lambda facts: f"{facts['pixel_um']:g}",
    "energy": lambda facts: f"{facts['energy_kev']:g}",
    "grey": lambda facts: str(facts["grey"]),
    "look": _look,
}


def specimens_by(name: str, phantom: Path, split: str) -> dict[str, list[str]]:
    """The specimens of a split at each place on an axis: the plain ones first, then the varied ones.

    Raises:
        InputError: the phantom has no varied specimens in this split.
    """
    content = read_phantom(phantom)
    all_facts = content["phantom"]["specimens"].items()
    facts = {specimen: fact for specimen, fact in all_facts if fact["split"] == split}
    plain = [specimen for specimen, fact in facts.items() if "grey" not in fact]
    found: dict[str, list[str]] = {}
    for specimen, fact in facts.items():
        if "grey" in fact:
            found.setdefault(KINDS[name](fact), []).append(specimen)
    if not found:
        raise InputError(
            f"{phantom} has no varied specimens: `python -m bundle phantom data/both --varied` makes some, "
            "then --dataset_dir data/both."
        )
    return ({PLAIN: plain} if plain else {}) | dict(sorted(found.items()))
