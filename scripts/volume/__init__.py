"""Volumes: reading them slab by slab, finding their window, storing and exporting their stain."""

from scripts.volume.read.reader import find_volumes, open_volume
from scripts.volume.read.window import volume_window
from scripts.volume.stain.dataset import SlabDataset
from scripts.volume.stain.plan import plan_stainings
from scripts.volume.stain.slab import slabs_to_stain
from scripts.volume.write.stain_store import StainStore

__all__ = [
    "SlabDataset",
    "StainStore",
    "find_volumes",
    "open_volume",
    "plan_stainings",
    "slabs_to_stain",
    "volume_window",
]
