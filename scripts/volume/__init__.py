"""Volumes: reading them slab by slab, finding their window, writing their stain."""

from scripts.volume.dataset import SlabDataset, list_slabs
from scripts.volume.reader import find_volumes, open_volume
from scripts.volume.window import volume_window
from scripts.volume.writer import NiftiRGBWriter, TiffRGBWriter

__all__ = [
    "NiftiRGBWriter",
    "SlabDataset",
    "TiffRGBWriter",
    "find_volumes",
    "list_slabs",
    "open_volume",
    "volume_window",
]
