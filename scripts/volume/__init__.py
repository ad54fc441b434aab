"""Volumes: reading them slab by slab, finding their window, storing and exporting their stain."""

from scripts.volume.dataset import SlabDataset
from scripts.volume.plan import plan_stainings, slabs_to_stain
from scripts.volume.reader import find_volumes, open_volume
from scripts.volume.stain_store import StainStore
from scripts.volume.window import volume_window

__all__ = [
    "SlabDataset",
    "StainStore",
    "find_volumes",
    "open_volume",
    "plan_stainings",
    "slabs_to_stain",
    "volume_window",
]
