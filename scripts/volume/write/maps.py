"""The maps that a staining can write: their names, their channels, and how their order is that of the channels."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.volume.write.stain_store import COLOURS


@dataclass(frozen=True)
class Map:
    """One volume that a staining writes.

    Attributes:
        name: in the names of files, ``<volume>_<name>.<format>``, in the record, and of the notes of a slab.
        channels: label and colour of each, see `StainStore`.
    """

    name: str
    channels: tuple[tuple[str, str], ...]


def grey(name: str) -> Map:
    """A map of one channel."""
    return Map(name, ((name, "FFFFFF"),))


STAIN, UNCERTAINTY, NOVELTY = Map("stain", COLOURS), grey("uncertainty"), grey("novelty")
#: All there are. The channels of an inferer's output have this order; maps that were not asked for are left out.
MAPS = (STAIN, UNCERTAINTY, NOVELTY)
BY_NAME = {each.name: each for each in MAPS}


def channel_count(maps: tuple[Map, ...]) -> int:
    """Channels of several maps: bytes for each voxel."""
    return sum(len(each.channels) for each in maps)
