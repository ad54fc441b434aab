"""Names as people give them, taken apart into words, so that those of a CT slice and of its section can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path

from scripts.files.opening import NIFTI_SUFFIXES, PICTURE_SUFFIXES

HE = re.compile(r"(?<![^\W\d_])(h)[&+](e)(?![^\W\d_])", re.IGNORECASE)
WORD = re.compile(r"\d+|[^\W\d_]+")
SUFFIX = re.compile(
    r"(\.ome)?(" + "|".join(map(re.escape, sorted(PICTURE_SUFFIXES + NIFTI_SUFFIXES, key=len, reverse=True))) + ")$",
    re.IGNORECASE,
)
#: Words that say what kind of image it is; they differ between the two folders.
KINDS = frozenset(
    {
        "ct",
        "uct",
        "muct",
        "microct",
        "synct",
        "micro",
        "xray",
        "scan",
        "recon",
        "rec",
        "reco",
        "tomo",
        "grey",
        "gray",
        "grau",
        "he",
        "hist",
        "histo",
        "histology",
        "histologie",
        "section",
        "sections",
        "stain",
        "stained",
        "tb",
        "toluidine",
        "toluidin",
        "blue",
        "blau",
        "rgb",
        "color",
        "colour",
        "masson",
        "goldner",
        "giemsa",
        "mask",
        "masks",
        "maske",
        "registered",
        "reg",
        "aligned",
        "warped",
        "resampled",
        "crop",
        "cropped",
        "final",
        "export",
    }
)
#: Words that come before the number of a slice.
COUNTERS = frozenset(
    {
        "slice",
        "slices",
        "sl",
        "slc",
        "schnitt",
        "schicht",
        "ebene",
        "plane",
        "layer",
        "nr",
        "no",
        "image",
        "img",
        "bild",
        "z",
    }
)
SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"})


@dataclass(frozen=True)
class Word:
    """A word of a name.

    Attributes:
        text: in lower case, letters without accents, numbers without zeros before them.
        start: where it begins in the name.
        stop: where it ends.
    """

    text: str
    start: int
    stop: int


@dataclass(frozen=True)
class Name:
    """The name of an image.

    Attributes:
        path: of the file.
        label: its path below the folder that was given, without suffix, composed as NFC.
    """

    path: Path
    label: str

    @cached_property
    def words(self) -> tuple[Word, ...]:
        """All words, in order."""
        joined = HE.sub(r"\1\2 ", self.label)  # one word, and as many signs as before
        return tuple(Word(_plain(word[0]), *word.span()) for word in WORD.finditer(joined))

    @cached_property
    def telling(self) -> tuple[Word, ...]:
        """Words that may tell this image from others: neither kinds nor what announces the number of a slice."""
        return tuple(word for word in self.words if word.text not in KINDS and word.text not in COUNTERS)


def name_of(path: Path, folder: Path) -> Name:
    """The name of a file below a folder."""
    label = SUFFIX.sub("", path.relative_to(folder).as_posix())
    return Name(path, unicodedata.normalize("NFC", label))


def exact_key(name: Name) -> tuple[str, ...]:
    """The whole name, in lower case."""
    return (name.label.casefold(),)


def telling_key(name: Name) -> tuple[str, ...]:
    """The words that tell it from others."""
    return tuple(word.text for word in name.telling)


def common_words(names: Sequence[Name]) -> Counter[str]:
    """Words that stand in each of several names, such as that of the study, and how often; none of a single name."""
    counts = [Counter(telling_key(name)) for name in names] if len(names) > 1 else [Counter()]
    return reduce(lambda one, other: one & other, counts)


def rare_key(name: Name, common: Counter[str]) -> tuple[str, ...]:
    """The words that not every name of its folder has."""
    left, rare = Counter(common), list[str]()
    for word in telling_key(name):
        if left[word]:
            left[word] -= 1
        else:
            rare.append(word)
    return tuple(rare)


def _plain(word: str) -> str:
    if word.isdecimal():
        return str(int(word))
    spelt = unicodedata.normalize("NFC", word.casefold()).translate(SPELT_OUT)
    return "".join(sign for sign in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(sign))
