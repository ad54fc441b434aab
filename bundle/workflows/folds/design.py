"""Which specimens each fold holds out, validates on and learns from.

A fold's score is worth something only if its held-out specimens took no part in the training, not even in the choice
of its best epoch. So a fold has three kinds of specimens, as a study with a test set has: the held-out ones are its
``test`` split, and of the others about one in six, at least one, is its ``validation`` split, which chooses the epoch.
Hence three specimens are the fewest. Slices of one specimen resemble each other, so a specimen is never divided.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.errors import InputError

VALIDATES = 6  # of so many specimens that are not held out one validates
FEWEST = 3  # specimens: one held out, one that chooses the epoch, one to learn from


@dataclass(frozen=True)
class Fold:
    """Names of specimens, each in one of the three.

    Attributes:
        number: 1 for the first fold.
        held_out: that the fold is judged on; each specimen is held out by one fold.
        validation: by which the fold chooses its best epoch.
        training: that the fold learns from.
    """

    number: int
    held_out: tuple[str, ...]
    validation: tuple[str, ...]
    training: tuple[str, ...]


def make_folds(pairs: Mapping[str, int], count: int, seed: int = 0) -> list[Fold]:
    """Deal specimens to folds of about equally many pairs.

    The largest specimens are dealt first, each to the fold that has the fewest pairs so far; equals are shuffled. The
    specimens that validate come from the folds that follow, so that none validates much more often than others.

    Args:
        pairs: of each specimen.
        count: of folds; as many as there are specimens to leave out one at a time.
        seed: of the order of equals.

    Raises:
        InputError: fewer than three specimens, fewer than two folds, or more folds than specimens; a fold that would be
            left with one specimen to learn from and to choose the epoch by.
    """
    names = ", ".join(sorted(pairs))
    if len(pairs) < FEWEST:
        raise InputError(
            f"Folds need {FEWEST} specimens, one held out, one that chooses the best epoch and one to learn from; got "
            f"{len(pairs)} ({names or 'none'}): add specimens, or name more splits by --splits."
        )
    if not 2 <= count <= len(pairs):
        raise InputError(f"There are {len(pairs)} specimens ({names}): give --folds a number from 2 to {len(pairs)}.")
    order = sorted(pairs)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda name: -pairs[name])
    groups: list[list[str]] = [[] for _ in range(count)]
    for name in order:
        min(groups, key=lambda group: (sum(pairs[each] for each in group), len(group))).append(name)
    largest = max(groups, key=len)
    if len(pairs) - len(largest) < FEWEST - 1:
        raise InputError(
            f"A fold would hold out {', '.join(sorted(largest))} of the {len(pairs)} specimens ({names}), one would "
            f"be left, too few to learn from and to choose the best epoch by: give more --folds, up to {len(pairs)}."
        )
    return [_fold(groups, number) for number in range(count)]


def _fold(groups: list[list[str]], number: int) -> Fold:
    following = groups[number + 1 :] + groups[:number]
    left = [name for group in following for name in group]
    validating = max(1, len(left) // VALIDATES)
    return Fold(
        number + 1, tuple(sorted(groups[number])), tuple(sorted(left[:validating])), tuple(sorted(left[validating:]))
    )
