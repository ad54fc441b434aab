"""Names of files as text that every file, page and terminal takes."""

from __future__ import annotations

import re
from collections.abc import Sequence

NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # Python keeps bytes that are no UTF-8 as half characters


def printable(name: object) -> str:
    r"""Return a name as valid text on one line.

    Args:
        name: of a file or folder; what is not UTF-8 in it, and control characters, become ``\xfc`` and the like.
    """
    return NOT_PRINTABLE.sub(lambda sign: f"\\x{ord(sign.group()) & 0xFF:02x}", str(name))


def listed(names: Sequence[object], most: int = 5) -> str:
    """The first names, with commas between them, and how many more there are: ``a, b and 3 more``."""
    first = ", ".join(map(str, names[:most]))
    return f"{first} and {len(names) - most} more" if len(names) > most else first
