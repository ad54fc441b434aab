"""Training pairs out of submitted images and sections: which are trained on, which validate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .refusal import Refusal

SPLITS = ("training", "validation")


@dataclass(frozen=True)
class Pair:
    """A CT image and the section that was submitted as its label.

    Attributes:
        id: of the image.
        ct: path of a slice, or of the volume that it lies in.
        section: path of an RGB image.
        info: what the client said of image or label: ``specimen`` (default: the id), ``split``, ``slice`` (of a
            volume, from 0), ``ct_window``, ``pixel_um``.
        pixel_um: edge of the slice's pixels in micrometres, None where neither client nor file say; a file that is a
            slice is asked when the data list is read.
    """

    id: str
    ct: str
    section: str
    info: dict[str, Any] = field(default_factory=dict)
    pixel_um: float | None = None

    @property
    def specimen(self) -> str:
        """Which specimen the slice is of."""
        return str(self.info.get("specimen") or self.id)

    @property
    def slice(self) -> int | None:
        """Which slice of the volume `ct` belongs to the section; None: `ct` is that slice.

        Raises:
            Refusal: it is no number of a slice.
        """
        number = self.info.get("slice")
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise Refusal(f"The slice of {self.id!r} is {number!r}, it must be a whole number, 0 for the first.")
        return number


def split_pairs(pairs: Sequence[Pair], share: float = 0.2) -> dict[str, list[Pair]]:
    """Keep each specimen in one split.

    Args:
        pairs: all that there are.
        share: of the specimens that say nothing of their split, this part validates; at least one, if no other does.

    Returns:
        The pairs of ``training`` and of ``validation``.

    Raises:
        Refusal: fewer than one specimen for each; an unknown split, or two for one specimen; a share that is none.
    """
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share < 1:
        raise Refusal(f"The option val_split is {share!r}, it must lie between 0 and 1.")
    home: dict[str, str] = {}
    for pair in pairs:
        split = pair.info.get("split")
        if split is None:
            continue
        if split not in SPLITS:
            raise Refusal(f"The split of {pair.id!r} is {split!r}, it must be training or validation.")
        if home.setdefault(pair.specimen, split) != split:
            raise Refusal(f"Specimen {pair.specimen!r} is in both splits: keep all its slices in one.")
    free = sorted({pair.specimen for pair in pairs} - set(home))
    wanted = math.ceil(share * len(free)) if "validation" not in home.values() else round(share * len(free))
    if "training" not in home.values():
        wanted = min(wanted, max(len(free) - 1, 0))
    home |= {name: "validation" if index >= len(free) - wanted else "training" for index, name in enumerate(free)}
    splits = {split: [pair for pair in pairs if home[pair.specimen] == split] for split in SPLITS}
    for split, found in splits.items():
        if not found:
            raise Refusal(
                f"There is no pair for {split}: {len(home)} specimen(s) have a submitted RGB section, at least 2 are "
                "needed, one to train on and one to validate with."
            )
    return splits


def datalist(splits: dict[str, list[Pair]]) -> dict[str, list[dict[str, Any]]]:
    """The content of ``datalist.json``."""
    return {
        split: [
            {"ct": pair.ct, "histology": pair.section, "specimen": pair.specimen}
            | _size(pair)
            | ({"ct_window": pair.info["ct_window"]} if pair.info.get("ct_window") else {})
            for pair in pairs
        ]
        for split, pairs in splits.items()
    }


def _size(pair: Pair) -> dict[str, Any]:
    """What the client said counts more than the volume's header."""
    said = pair.info.get("pixel_um")
    size = pair.pixel_um if said is None else said
    return {} if size is None else {"pixel_um": size}
