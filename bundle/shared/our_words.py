"""Sentences of `scripts`, which name MONAI's options, in the words of a command."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

#: An option, not a part of a path; and its value, where one stands behind it.
OPTION = re.compile(
    r"(?<![^\s(`])(?P<option>--[A-Za-z_][\w#]*)(?![\w#/-]|\.\w)"
    r"(?: (?P<value>\"[^\"]*\"|\[[^\]]*\]|true\b|false\b|-?\d+(?:\.\d+)?(?:e-?\d+)?(?!\w)|[A-Z]{2,}\b))?"
)
PROGRAM = "python -m bundle"
INSTALLED = "xray-stain"


def program() -> str:
    """What was typed to start this process: ``python -m bundle``, or the command of the installed wheel."""
    return INSTALLED if Path(sys.argv[0]).stem == INSTALLED else PROGRAM


def in_our_words(
    sentence: str, names: Mapping[str, str], settable: Callable[[str], bool], typed: Iterable[str], program: str
) -> str:
    """Say an option as it is typed here, and leave what the user named so as it is.

    Args:
        sentence: of `scripts`.
        names: what an option is called here, by ``--option`` or ``--option value``.
        settable: whether an id is one that only ``--set`` reaches.
        typed: words of the command line; names of files among them are not changed.
        program: in place of ``python -m bundle``.
    """

    def option(found: re.Match[str]) -> str:
        name, value = found["option"], found["value"]
        if found[0] in names:
            return names[found[0]]
        if name in names:
            return names[name] + found[0][len(name) :]
        if not settable(name[2:]):
            return found[0]
        return f"--set {name[2:]}" + ("" if value is None else f"={value}")

    said = _names_of_files(typed)
    pieces = re.split(f"({'|'.join(map(re.escape, said))})", sentence) if said else [sentence]
    pieces[::2] = [OPTION.sub(option, piece).replace(PROGRAM, program) for piece in pieces[::2]]
    return "".join(pieces)


def _names_of_files(typed: Iterable[str]) -> list[str]:
    """Parts of typed paths that might be taken for an option or the program, the longest first."""
    values = [word.partition("=")[2] if word.startswith("--") else word for word in typed]
    parts = {part for value in values for part in re.split(r"[/\\]", value)}
    parts |= {part.split(".")[0] for part in parts}
    doubtful = [part for part in parts if re.search(rf"[^-]--\w|{PROGRAM}", part)]
    return sorted(doubtful, key=len, reverse=True)
