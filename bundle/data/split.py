"""Specimens shared out to training, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bundle.data.listing.listed import Listed
from bundle.shared.table.splits import shares_of
from scripts.data.datalist.file import SPLITS
from scripts.errors import InputError

FEWEST = 3  # specimens, of which each split gets one
LEAST_SLICES = 6  # of one specimen, that can be cut into three parts


def split_up(pairs: Sequence[Listed], seed: int, within: bool = False) -> tuple[list[Listed], str]:
    """Give each pair its split: one specimen is in one split only, so that the scores are those of new specimens.

    Args:
        pairs: all have a split, which they keep, or none has.
        seed: of the random order in which specimens are shared out.
        within: cut each specimen into parts, which count as specimens of their own.

    Returns:
        The pairs, and in words what was done.

    Raises:
        InputError: too few slices to be cut into parts.
    """
    if pairs and all(pair.split for pair in pairs):
        return list(pairs), "Splits are as the table gives them."
    if within:
        return _within(pairs)
    specimens = sorted({pair.specimen for pair in pairs})
    if len(specimens) < FEWEST:
        names = dict(zip(specimens, SPLITS, strict=False))
        return [replace(pair, split=names[pair.specimen]) for pair in pairs], _too_few(specimens)
    order = [specimens[place] for place in np.random.default_rng(seed).permutation(len(specimens))]
    counts = shares_of(len(order))
    splits = dict(zip(order, np.repeat(SPLITS, counts).tolist(), strict=True))
    said = ", ".join(f"{split}: {', '.join(name for name in specimens if splits[name] == split)}" for split in SPLITS)
    return [replace(pair, split=splits[pair.specimen]) for pair in pairs], f"Specimens at random (seed {seed}); {said}."


def _too_few(specimens: Sequence[str]) -> str:
    one = len(specimens) == 1
    named = " and ".join(specimens)
    missing = "validation and test" if one else "test"
    done = "it is in training" if one else f"{specimens[0]} is in training, {specimens[1]} in validation"
    return (
        f"Only {len(specimens)} specimen{'' if one else 's'} ({named}): {done}, and nothing is left for {missing}. If "
        "the names hold more specimens, say which part it is with --specimen. With --within_specimen slices are "
        "shared out instead, and scores say nothing of new specimens."
    )


def _within(pairs: Sequence[Listed]) -> tuple[list[Listed], str]:
    """Consecutive slices stay together: neighbours show nearly the same."""
    done: list[Listed] = []
    for specimen in dict.fromkeys(pair.specimen for pair in pairs):
        own = [pair for pair in pairs if pair.specimen == specimen]
        if len(own) < LEAST_SLICES:
            raise InputError(
                f"Specimen {specimen} has {len(own)} pairs, too few to be cut into parts (--within_specimen): "
                f"{LEAST_SLICES} are needed."
            )
        splits = np.repeat(SPLITS, shares_of(len(own))).tolist()
        done += [
            replace(pair, split=split, specimen=f"{specimen} ({split})")
            for pair, split in zip(own, splits, strict=True)
        ]
    return done, "Slices of each specimen are in all splits (--within_specimen): scores say nothing of new specimens."
