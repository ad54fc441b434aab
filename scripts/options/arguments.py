"""What was typed behind ``python -m monai.bundle``, as text: Python Fire, which reads it, makes numbers of digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from scripts.errors import InputError


class Arguments(NamedTuple):
    """A command line in its parts.

    Attributes:
        words: those that are no option and no option's value, in their order: ``["run", "training"]``.
        options: text of each option by name, None where none follows. Names have ``#`` between ids.
    """

    words: list[str]
    options: dict[str, str | None]


def read_arguments(arguments: Sequence[str]) -> Arguments:
    """Take a command line apart as Python Fire does, but leave the values as they are.

    Args:
        arguments: as in `sys.argv` without the program.

    Raises:
        InputError: an option twice; a lone ``-`` or ``--``, at which Fire stops to read.
    """
    words: list[str] = []
    options: dict[str, str | None] = {}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in ("-", "--"):
            raise InputError(f"The word {word} ends the options, and MONAI would leave out what follows: remove it.")
        if not _is_option(word):
            words.append(word)
            continue
        name, equals, text = word.lstrip("-").partition("=")
        name = name.replace("-", "_").replace("::", "#")
        value = text if equals else rest.pop(0) if rest and not _is_option(rest[0]) and rest[0] != "-" else None
        if name in options:
            raise InputError(f"The option --{name} is given twice: give it once.")
        options[name] = value
    return Arguments(words, options)


def _is_option(word: str) -> bool:
    """Fire's rule, by which a negative number is a value."""
    return word.startswith("--") or re.match("-[a-zA-Z]", word) is not None
