"""CT slices and sections matched by their names, from the strictest comparison to the laxest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bundle.data.listing.names import Name, common_words, exact_key, rare_key, telling_key

Key = Callable[[Name], tuple[str, ...]]


@dataclass(frozen=True)
class Matched:
    """What became of the names of two folders.

    Attributes:
        pairs: a name of the first folder, and its partner of the second.
        first: names of the first folder that stayed without partner.
        second: names of the second folder that did.
    """

    pairs: list[tuple[Name, Name]]
    first: list[Name]
    second: list[Name]


def match(first: Sequence[Name], second: Sequence[Name]) -> Matched:
    """Match names: equal but for their suffix; equal words but for those that say what kind of image it is; equal words
    but for those that all names of a folder have. Two images alone belong together whatever they are called.

    A name that two images of a folder share is not decided.
    """
    if len(first) == len(second) == 1:
        return Matched([(first[0], second[0])], [], [])
    common = common_words(first), common_words(second)
    keys: list[tuple[Key, Key]] = [
        (exact_key, exact_key),
        (telling_key, telling_key),
        (lambda name: rare_key(name, common[0]), lambda name: rare_key(name, common[1])),
    ]
    partners: dict[Name, Name] = {}
    left, right = list(first), list(second)
    for of_first, of_second in keys:
        ours, theirs = _by_key(left, of_first), _by_key(right, of_second)
        found = {
            ours[key][0]: theirs[key][0] for key in ours if len(ours[key]) == len(theirs.get(key, ())) == 1 and any(key)
        }
        partners |= found
        taken = set(found.values())
        left = [name for name in left if name not in found]
        right = [name for name in right if name not in taken]
    return Matched([(name, partners[name]) for name in first if name in partners], left, right)


def _by_key(names: Sequence[Name], key: Key) -> dict[tuple[str, ...], list[Name]]:
    groups: dict[tuple[str, ...], list[Name]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return groups
