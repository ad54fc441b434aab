"""How a generator is applied to slices larger than a patch."""

from scripts.inferers.footprint import default_tile_size
from scripts.inferers.tiles import TileInferer

__all__ = ["TileInferer", "default_tile_size"]
