"""Sizes of networks: numbers of which no network can be made are refused before one is begun."""

from __future__ import annotations

from collections.abc import Sequence

LARGEST = 2**16


def check_whole(value: object, least: int, message: str) -> None:
    """Refuse what is no whole number from `least` to `LARGEST`.

    Raises:
        ValueError: with this message.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        raise ValueError(message)


def check_channels(channels: object) -> None:
    """Refuse what is no list of a whole number of features for each of two or more resolutions.

    Raises:
        ValueError: it is none.
    """
    message = f"channels must be a number for full, half and each lower resolution, two or more, got {channels!r}."
    if not isinstance(channels, Sequence) or isinstance(channels, str) or len(channels) < 2:
        raise ValueError(message)
    for number in channels:
        check_whole(number, 1, message)
