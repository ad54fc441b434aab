"""Options as the command line hands them over."""

from __future__ import annotations

from scripts.errors import InputError


def truth(value: bool | str, name: str) -> bool:
    """Read a switch: MONAI's command line passes ``true`` and ``false`` on as strings, and every string counts as true.

    Raises:
        InputError: it is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise InputError(f"The option {name} is {value!r}, it must be true or false.")
