"""A pair against the others: inverted CT, negative section, another dye, duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bundle.data.check.finding import Finding
from bundle.data.check.look import Look, Seen, see
from bundle.data.check.relation import Relation, agreement, likeness, relation_of
from bundle.shared.section.light import light_of, values_of

# Correlation with what other pairs predict, below which one image is inverted. Sections of nothing but cortical bone,
# whose darker tissue attenuates less, reach -0.37, but fail `TELLS`.
CONTRADICTS = -0.35
# Correlation with what its own colours predict, from which a pair is called inverted. Cortical bone reaches 0.57, other
# specimens 0.61 and more: where colours hardly tell the grey, nothing tells which way round it is.
TELLS = 0.6
AGREES = 0.25  # below which the others hardly predict it
KNOWN = 0.8  # share of known colours from which that means something
OTHER_DYE = 12.0  # degrees between the directions of two dyes
FEW = 3  # pairs, of which fewer cannot outvote each other
EQUAL = 0.01  # mean difference of two images in [0, 1], up to which they are one
DYED = (0.05, 0.8)  # optical density of what is dyed, neither glass nor opaque
LEAST_DYED = 50  # pixels

NEGATIVE = Finding(
    "negative section",
    "The section is a negative: inverted, its colours are those of the other sections",
    "save the section again, not inverted",
)

Array = NDArray[np.floating[Any]]


def duplicates(looks: Sequence[Look]) -> dict[int, tuple[int, str]]:
    """Pairs that share an image with a pair before them.

    Returns:
        By place: the place of that pair, and what they share: "both", "ct" or "section".
    """
    found: dict[int, tuple[int, str]] = {}
    for second, look in enumerate(looks):
        for first, other in enumerate(looks[:second]):
            ct = look.digests[0] == other.digests[0] or _equal(look.grey, other.grey)
            section = look.digests[1] == other.digests[1] or _equal(_image(look), _image(other))
            if first not in found and (ct or section):
                found[second] = (first, "both" if ct and section else "ct" if ct else "section")
                break
    return found


def inversions(relations: Mapping[int, Relation], looks: Mapping[int, Look]) -> dict[int, Finding]:
    """Pairs whose grey goes with their colours the other way round than in most pairs.

    Args:
        relations: by place, of the pairs that fit.
        looks: by place, of all pairs.
    """
    found = {}
    for place, relation in relations.items():
        others = [other for key, other in relations.items() if key != place]
        if len(others) + 1 < FEW:
            continue
        votes = np.array([agreement(relation, other) for other in others])
        middle, known = np.median(votes, axis=0)
        if middle < CONTRADICTS and agreement(relation, relation)[0] > TELLS:
            found[place] = _inverted(relation, others, looks[place])
        elif middle < AGREES and known > KNOWN:
            what = "The other pairs do not tell its grey from its colours"
            todo = "look whether the CT, or the stain, is of another kind than theirs"
            found[place] = Finding("other relation", what, todo, fault=False)
    return found


def _inverted(relation: Relation, others: Sequence[Relation], look: Look) -> Finding:
    """The finding on a pair of which one image is inverted: which one, its colours tell."""
    if is_negative(relation, others, look):
        return NEGATIVE
    what = "The CT is inverted: what is bright in it is dark in the other pairs"
    return Finding("inverted CT", what, "export the slice again, so that dense tissue is bright")


def is_negative(relation: Relation, others: Sequence[Relation], look: Look, margin: float = 0.0) -> bool:
    """Whether a section's colours are more like those of the others if it is inverted.

    Args:
        relation: of the pair.
        others: of other pairs.
        look: of the pair.
        margin: by how much `likeness` must rise.
    """
    turned = see(light_of(1 - values_of(np.clip(look.light, 0, 1))))
    negative = relation_of(turned.image, look.grey, look.inside & ~turned.opaque)
    as_it_is, as_negative = (np.median([likeness(one, other) for other in others]) for one in (relation, negative))
    return bool(as_negative > as_it_is + margin)


def other_dyes(seen: Mapping[int, Seen]) -> dict[int, Finding]:
    """Sections that were stained with another dye than most, by the direction of their optical density.

    Nothing is told apart where no dye has the majority.
    """
    directions = {place: direction for place, one in seen.items() if (direction := direction_of(one)) is not None}
    if len(directions) < FEW:
        return {}
    vectors = np.stack(list(directions.values()))
    apart = np.degrees(np.arccos(np.clip(vectors @ vectors.T, -1, 1)))
    usual = apart[np.median(apart, axis=1).argmin()]
    if (usual <= OTHER_DYE).mean() <= 0.5:
        return {}
    return {
        place: Finding(
            "another dye",
            f"The section is stained with another dye: its colours lie {angle:.0f} degrees from those of the others",
            "train on sections of one stain",
        )
        for place, angle in zip(directions, usual, strict=True)
        if angle > OTHER_DYE
    }


def direction_of(seen: Seen) -> Array | None:
    """Direction (3,) of the optical density of what is dyed, of length 1; None where hardly anything is."""
    mean = seen.density.mean(axis=-1)
    dyed = seen.tissue & (mean > DYED[0]) & (seen.density.min(axis=-1) < DYED[1])
    if dyed.sum() < LEAST_DYED:
        return None
    middle = np.median(np.maximum(seen.density[dyed], 0) / mean[dyed][:, None], axis=0)
    direction: Array = middle / np.linalg.norm(middle)
    return direction


def _image(look: Look) -> Array:
    return look.light if look.seen is None else look.seen.image


def _equal(one: Array, other: Array) -> bool:
    return one.shape == other.shape and float(np.abs(one - other).mean()) < EQUAL
