"""Of which specimen a slice is, as its name says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bundle.data.listing.names import Name
from scripts.errors import InputError

EACH = "each"  # what is typed where each pair is of a specimen of its own
NAMELESS = "specimen"  # where names tell nothing but the number of a slice


def specimens_of(names: Sequence[Name], pattern: str | None = None) -> list[str]:
    """The specimen of each slice.

    Without a pattern it is the stem that comes before the slice's number, or before its letter: ``S01`` of
    ``S01_slice 003``, ``a`` of ``a1``, ``12`` of ``12B``. Names that differ in case or in zeros are one.

    Args:
        names: of the CT slices.
        pattern: regular expression; its first group, or all that it finds, is the specimen. "each": one for each name.

    Raises:
        InputError: the pattern is none, or finds nothing in a name.
    """
    if pattern is not None:
        return [name.label for name in names] if pattern == EACH else _by_pattern(names, pattern)
    spelt: dict[tuple[str, ...], str] = {}
    return [spelt.setdefault(key, text) for key, text in map(_stem, names)]


def _stem(name: Name) -> tuple[tuple[str, ...], str]:
    words = name.telling
    number = bool(words) and words[-1].text.isdecimal()
    letter = len(words) > 1 and len(words[-1].text) == 1 and any(word.text.isdecimal() for word in words[:-1])
    kept = words[:-1] if number or letter else words
    if not kept:
        return (), NAMELESS
    return tuple(word.text for word in kept), name.label[kept[0].start : kept[-1].stop]


def _by_pattern(names: Sequence[Name], pattern: str) -> list[str]:
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"--specimen {pattern!r} is no regular expression ({error}): correct it.") from error
    found = [expression.search(name.label) for name in names]
    without = [name.label for name, hit in zip(names, found, strict=True) if hit is None or not _text(hit)]
    if without:
        raise InputError(f"--specimen {pattern!r} finds nothing in {', '.join(without[:5])}: correct it.")
    return [_text(hit) for hit in found if hit is not None]


def _text(hit: re.Match[str]) -> str:
    return str(hit[1] if hit.re.groups else hit[0]) or ""
